import DESBase
import DESCatalog
import Foundation
import Testing

@testable import DESCommands
@testable import DESMigration

struct RenderingTests {
    private let cutoff = Timestamp(microsecondsSinceEpoch: 1_704_164_645_000_000)

    @Test("a result tells the counts that matter, and leaves out those that are zero")
    func quietResult() {
        var result = CycleResult(runID: "run")
        result.filesProcessed = 1200
        result.filesMigrated = 1200
        result.shardsCreated = 3
        result.totalSizeBytes = 2048
        result.bytesStored = 1024
        result.durationSeconds = 2
        #expect(
            CycleResultText.text(result)
                == "1,200 files (2.0 KiB) migrated into 3 shards (1.0 KiB stored) in 2 s, 600 files/s")
    }

    @Test("one is one: 1 file in 1 shard")
    func singular() {
        var result = CycleResult(runID: "run")
        result.filesMigrated = 1
        result.shardsCreated = 1
        #expect(CycleResultText.text(result).hasPrefix("1 file (0 B) migrated into 1 shard (0 B stored)"))
    }

    @Test("failures are listed up to a limit, each on one line; the rest is counted")
    func failures() {
        var result = CycleResult(runID: "run")
        result.filesFailed = 50
        for number in 0..<50 {
            result.errors.append(
                FileFailure(
                    uid: "uid\n\(number)", createdAt: "", location: "", reason: .missing, message: "it\nis gone"))
        }
        let lines = CycleResultText.text(result).split(separator: "\n")
        #expect(lines.filter { $0.contains("missing") }.count == 20)
        #expect(lines.contains("  missing  uid uid\\n0: it\\nis gone"))
        #expect(lines.contains("  and 30 more; --json lists up to 1,000"))
    }

    @Test("limits, interruptions and fatal errors are told")
    func ends() {
        var result = CycleResult(runID: "run")
        result.limitReached = "max_files"
        result.interrupted = true
        result.fatalError = "the disk is full"
        let text = CycleResultText.text(result)
        #expect(text.contains("stopped at max_files"))
        #expect(text.contains("interrupted"))
        #expect(text.contains("stopped: the disk is full"))
    }

    @Test("a cycle that published files and marked none is not complete, and says so; a few skipped files are ordinary")
    func onlySkipped() {
        var result = CycleResult(runID: "run")
        result.filesSkipped = 5
        #expect(MigrationRun.exitCode(of: result) == ExitStatus.success)
        result.shardsCreated = 5
        #expect(MigrationRun.exitCode(of: result) == ExitStatus.incomplete)
        #expect(CycleResultText.text(result).contains("NOT ONE row could be marked"))
        result.shardsCreated = 0
        result.bigFiles = 1
        #expect(MigrationRun.exitCode(of: result) == ExitStatus.incomplete)
        result.filesMigrated = 1
        #expect(MigrationRun.exitCode(of: result) == ExitStatus.success)
        #expect(!CycleResultText.text(result).contains("NOT ONE row"))
    }

    @Test("the exit code follows the result: failures 3, a fatal error 1, else 0")
    func exitCodes() {
        var result = CycleResult(runID: "run")
        #expect(MigrationRun.exitCode(of: result) == ExitStatus.success)
        result.filesFailed = 1
        #expect(MigrationRun.exitCode(of: result) == ExitStatus.incomplete)
        result.fatalError = "the disk is full"
        #expect(MigrationRun.exitCode(of: result) == ExitStatus.fatal)
    }

    @Test("statistics name the rows that lack something, and only those")
    func statistics() {
        var statistics = CatalogStatistics(hasSizes: true)
        statistics.totalFiles = 1234
        statistics.totalSizeInBytes = 5_000_000
        statistics.rowsWithoutUID = 2
        let text = StatisticsReport(statistics, cutoff: cutoff, now: cutoff).text
        #expect(text.contains("files to migrate   1,234\n"))
        #expect(text.contains("4.8 MiB (5,000,000 bytes)"))
        #expect(text.contains("created before     2024-01-02T03:04:05Z"))
        #expect(text.contains("rows without a uid: 2"))
        #expect(!text.contains("location"))
    }

    @Test("without a size column the size is unknown, and absent in JSON")
    func noSizes() throws {
        let report = StatisticsReport(CatalogStatistics(hasSizes: false), cutoff: cutoff, now: cutoff)
        #expect(report.text.contains("unknown: no size column"))
        #expect(report.text.contains("oldest file        none"))
        let json = try JSONOutput.text(report)
        #expect(!json.contains("total_size_bytes"))
        #expect(json.contains("\"cutoff\":\"2024-01-02T03:04:05Z\""))
    }
}
