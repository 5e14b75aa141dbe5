import DESReconciliation
import Foundation
import GRDB
import Testing

@Suite("A day of many files", .serialized)
struct LargeDayTests {
    @Test("200,000 files of one day are compared in bounded memory")
    func memory() async throws {
        let fixture = try Fixture()
        let count = 200_000
        try await fixture.database.write {
            try $0.execute(
                sql: """
                    WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < \(count - 1))
                    INSERT INTO files (uid, created_at, file_location, size_bytes, archived)
                    SELECT 'file-' || n, '2024-01-02T03:04:05Z', '/data/' || n, 1, 1 FROM numbers
                    """)
        }
        // 50 of the last shard's are not there.
        for shard in 0..<20 {
            let last = shard == 19 ? count - 50 : (shard + 1) * count / 20
            let files = (shard * count / 20..<last).map { Fixture.File(uid: "file-\($0)", content: "x") }
            try fixture.addShard(Fixture.key(number: shard), files)
        }
        // From here on the peak counts anew.
        try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
        let before = try Self.peakMemory()
        let report = try await fixture.reconcile()
        let used = try Self.peakMemory() - before
        #expect(report.counts == [.markedInNoShard: 50])
        #expect(report.totals.files == count - 50 && report.totals.markedRows == count)
        #expect(used < 120 << 20, "\(used >> 20) MiB")
    }

    /// The most memory that the process has had, in bytes.
    private static func peakMemory() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
        return try #require(line.split(separator: " ").compactMap { Int($0) }.first) << 10
    }
}
