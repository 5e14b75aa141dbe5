import DESCatalog
import DESTelemetry
import DESTestSupport
import Foundation
import Logging
import Synchronization
import Testing

@testable import DESMigration

@Suite struct CycleLedgerTests {
    private let lines = RecordingSink()
    private let registry = PrometheusRegistry()
    private let ledger: CycleLedger

    init() throws {
        try MigrationMetrics.registerAll(on: registry)
        let metrics = MigrationMetrics(factory: registry, failureReasons: FailureReason.allCases.map(\.rawValue))
        let logger = makeLogger(label: "test", level: .notice, format: .json, sink: lines)
        ledger = CycleLedger(runID: "run", metrics: metrics, logger: logger)
    }

    @Test func `books that do not add up are told, but not when something cut the cycle off`() {
        ledger.fetched(3)
        ledger.migrated(2, bytes: 2)
        #expect(ledger.violation(endedBy: nil)?.description.contains("3 files were fetched, and 2 ended") == true)
        #expect(ledger.violation(endedBy: .limit("migration.max_files")) != nil)
        #expect(ledger.violation(endedBy: .fatal("a full disk")) == nil)
        ledger.failed(unitKey(), .unreadable, "it cannot be read")
        #expect(ledger.violation(endedBy: nil) == nil)
    }

    @Test func `what was processed is what was migrated, failed and skipped, whoever reports it when`() async {
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask { [ledger] in
                    var random = TestRandom(seed: UInt64(task))
                    for number in 0..<300 {
                        ledger.fetched(1)
                        switch Int.random(in: 0..<3, using: &random) {
                        case 0: ledger.migrated(1, bytes: 10, recovered: number.isMultiple(of: 5))
                        case 1: ledger.failed(unitKey(), .missing, "no such file")
                        default: ledger.skipped(unitKey(), "changed")
                        }
                        let result = ledger.snapshot
                        #expect(
                            result.filesProcessed == result.filesMigrated + result.filesFailed + result.filesSkipped)
                    }
                }
            }
        }
        let result = ledger.finish(reason: nil, after: .seconds(2.5))
        #expect(result.filesProcessed == 2400)
        #expect(ledger.filesFetched == 2400)
        #expect(result.filesMigrated > 0 && result.filesFailed > 0 && result.filesSkipped > 0)
        #expect(result.totalSizeBytes == Int64(result.filesMigrated) * 10)
        #expect(result.filesRecovered <= result.filesMigrated)
        #expect(result.errors.count + result.errorsOmitted == result.filesFailed)
        #expect(result.durationSeconds == 2.5)
        let metrics = registry.text()
        #expect(metrics.contains("des_migration_files_total 2400\n"))
        #expect(metrics.contains("des_migration_files_failed_total \(result.filesFailed)\n"))
        #expect(metrics.contains("des_migration_failures_total{reason=\"missing\"} \(result.filesFailed)\n"))
    }

    @Test func `a million failures, skips, kept sources and warnings with a watch take bounded log and memory`() {
        let told = Atomic<Int>(0)
        ledger.watchFailures { _, _, _ in told.add(1, ordering: .relaxed) }
        for _ in 0..<1_000_000 {
            ledger.failed(unitKey(), .missing, "no such file")
            ledger.skipped(unitKey(), "changed")
            ledger.kept(unitKey(), "changed")
            ledger.warn(.recoveredSourceGone, "gone")
        }
        ledger.failed(unitKey(), .unreadable, "cannot read")
        let result = ledger.finish(reason: nil, after: .seconds(1))
        #expect(told.load(ordering: .relaxed) == 1_000_001)
        #expect(result.failuresByReason == ["missing": 1_000_000, "unreadable": 1])
        // The first of each reason has its line, however many came before it.
        #expect(result.errors.last?.reason == .unreadable)
        #expect(result.errors.count == 1001)
        #expect(lines.lines.count < 4020)
        #expect(lines.lines.count { $0.contains("missing 1000000, unreadable 1") } == 1)
    }

    @Test func `of many failures the first thousand are kept and logged, the rest is counted`() async {
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<4 {
                group.addTask { [ledger] in
                    for number in 0..<500 {
                        ledger.failed(unitKey(.integer(Int64(task * 500 + number))), .unreadable, "cannot read")
                    }
                }
            }
        }
        let result = ledger.snapshot
        #expect(result.filesFailed == 2000)
        #expect(result.errors.count == 1000)
        #expect(result.errorsOmitted == 1000)
        #expect(Set(result.errors.map(\.uid)).count == 1000)
        #expect(lines.lines.count { $0.contains("file not migrated") } == 1000)
        #expect(lines.lines.count { $0.contains("more than 1000 files failed") } == 1)
    }

    @Test func `exactly a thousand failures omit nothing and say nothing of more`() {
        for number in 0..<1000 { ledger.failed(unitKey(.integer(Int64(number))), .missing, "gone") }
        #expect(ledger.snapshot.errorsOmitted == 0)
        #expect(!lines.lines.contains { $0.contains("more than") })
    }

    @Test func `all rows of a shard fail with its reason`() {
        let rows = PackedRows()
        for number in 0..<5 { rows.append(unitPackedRow(number)) }
        ledger.failed(rows, .staging, "disk full")
        let result = ledger.snapshot
        #expect(result.errors.map(\.uid) == ["0", "1", "2", "3", "4"])
        #expect(result.errors.allSatisfy { $0.reason == .staging && $0.message == "disk full" })
    }

    @Test func `a failure shows the row as the catalog has it`() {
        let key = RowKey(rowID: nil, uid: .blob([0, 255]), createdAt: .real(1.5), location: .null)
        ledger.failed(key, .invalidRow, "why")
        let failure = ledger.snapshot.errors.first
        #expect(failure?.uid == "x'00ff'")
        #expect(failure?.createdAt == "1.5")
        #expect(failure?.location == "NULL")
    }

    @Test func `shards, big files, bytes and deletions add up`() {
        ledger.published(shards: 1, bytes: 100, bigFiles: 0)
        ledger.published(shards: 0, bytes: 50, bigFiles: 1)
        ledger.deleted(2)
        ledger.kept(unitKey(), "changed")
        ledger.read(7)
        ledger.read(8)
        let result = ledger.snapshot
        #expect((result.shardsCreated, result.bigFiles, result.bytesStored) == (1, 1, 150))
        #expect((result.filesDeleted, result.filesKept) == (2, 1))
        #expect(result.filesProcessed == 0)
        #expect(ledger.bytesRead == 15)
    }

    @Test func `the result says why a cycle ended early`() {
        #expect(ledger.finish(reason: nil, after: .zero).status == .success)
        let limited = ledger.finish(reason: .limit("migration.max_files"), after: .zero)
        #expect(limited.limitReached == "migration.max_files" && limited.status == .success)
        let interrupted = ledger.finish(reason: .interrupted, after: .zero)
        #expect(interrupted.interrupted && interrupted.status == .interrupted)
        let fatal = ledger.finish(reason: .fatal("disk full"), after: .zero)
        #expect(fatal.fatalError == "disk full" && fatal.status == .failure)
    }

    @Test func `the result has the documented keys`() throws {
        ledger.failed(unitKey(), .missing, "gone")
        let json = try JSONEncoder().encode(ledger.finish(reason: nil, after: .zero))
        let object = try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
        let documented: Set = [
            "files_processed", "files_migrated", "files_failed", "shards_created", "total_size_bytes",
            "duration_seconds", "errors", "bytes_stored", "bigfiles", "files_deleted", "run_id", "interrupted",
        ]
        #expect(documented.isSubset(of: object.keys))
        let error = try #require((object["errors"] as? [[String: Any]])?.first)
        #expect(Set(error.keys) == ["uid", "created_at", "location", "reason", "message"])
        #expect(error["reason"] as? String == "missing")
    }
}
