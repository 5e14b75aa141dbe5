import DESConfiguration
import Glibc
import Testing

struct LargeConfigurationTests {
    @Test(
        "four times the entries take about four times as long, however wrong they are",
        arguments: [
            { (0..<$0).map { "k\($0): 1\n" }.joined() },
            { count in "packer: {\((0..<count).map { "k\($0): 1" }.joined(separator: ", "))}" },
            { count in "migration: {source_roots: [\((0..<count).map { "'~/\($0)'" }.joined(separator: ", "))]}" },
            { count in "migration: {meta_columns: [\((0..<count).map { "c\($0)" }.joined(separator: ", "))]}" },
            { count in "x-a: {\((0..<count).map { "k\($0): 1, k\($0): 2" }.joined(separator: ", "))}" },
        ] as [@Sendable (Int) -> String])
    func proportional(text: @Sendable (Int) -> String) {
        // Of this thread's processor, so that whatever else the machine does counts nothing.
        func time(_ count: Int) -> Double {
            let text = text(count)
            let start = Self.processorSeconds
            _ = try? parse(minimalAnd: text)
            return Self.processorSeconds - start
        }
        _ = time(100)
        let (small, large) = (time(2000), time(8000))
        // The square would be sixteen times.
        #expect(large < small * 10 + 0.05, "\(small) and \(large)")
    }

    private static var processorSeconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    @Test("of very many problems the first thousand are told, and how many there are")
    func bounded() throws {
        let text = "database: {url: 'sqlite:///c.db'}\n" + (0..<2500).map { "k\($0): 1\n" }.joined()
        let error = try #require(throws: ConfigurationError.self) { try parse(text) }
        #expect(error.problems.count == 2500)
        let lines = error.description.split(separator: "\n")
        #expect(lines.count == 1002)
        #expect(lines.first?.hasPrefix("2500 problems") == true)
        #expect(lines.last == "  and 1500 more")
    }
}
