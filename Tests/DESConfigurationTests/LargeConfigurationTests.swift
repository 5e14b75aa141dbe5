import DESConfiguration
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
        func time(_ count: Int) -> Duration {
            let text = text(count)
            return ContinuousClock().measure { _ = try? parse(minimalAnd: text) }
        }
        _ = time(100)
        let (small, large) = (time(4000), time(16_000))
        // The square would be sixteen times; what is over four leaves room for a busy machine.
        #expect(large < small * 10 + .milliseconds(200), "\(small) and \(large)")
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
