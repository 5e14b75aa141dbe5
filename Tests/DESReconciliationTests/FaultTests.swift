import DESReconciliation
import DESStorage
import Foundation
import Synchronization
import Testing

@Suite("A reconciliation with faults, and beside a migration")
struct FaultTests {
    private let files = (0..<20).map { Fixture.File(uid: "f\($0)", time: "2024-01-0\($0 % 4 + 1)T00:00:0\($0 % 10)Z") }

    private func fixture() throws -> Fixture {
        let fixture = try Fixture()
        try fixture.addRows(files)
        for day in 1...4 {
            let ofDay = files.filter { $0.time.hasPrefix("2024-01-0\(day)") }
            try fixture.addShard(Fixture.key(day: "2024010\(day)"), Array(ofDay.prefix(2)))
            try fixture.addShard(Fixture.key(day: "2024010\(day)", number: 1), Array(ofDay.dropFirst(2)))
        }
        return fixture
    }

    @Test("Whatever read fails, nothing is called missing or in several shards", arguments: 0..<60, [true, false])
    func sweep(number: Int, isLasting: Bool) async throws {
        let fixture = try fixture()
        let calls = Atomic(0)
        let store = FaultyStore(real: fixture.store) { (call, key) throws(StorageError) in
            let count = calls.add(1, ordering: .relaxed).oldValue
            guard count == number || isLasting && count > number else { return }
            throw StorageError(.failed, key: key, isTransient: number % 2 == 0, "the store does not answer")
        }
        let report: ReconciliationReport
        do {
            report = try await fixture.reconcile(repairs: true, store: store)
        } catch {
            // A list that cannot be had ends it.
            #expect(error is StorageError)
            return
        }
        #expect(report.found[.markedInNoShard] == nil && report.found[.inSeveralShards] == nil)
        #expect(report.found[.inShardNoRow] == nil)
    }

    @Test("A day is in doubt where its shards cannot be read, also if the store says that they are not there")
    func unreadable() async throws {
        let fixture = try fixture()
        let store = FaultyStore(real: fixture.store) { (call, key) throws(StorageError) in
            if call == "readTail", key.hasPrefix("20240102") {
                throw StorageError(.notFound, key: key, "there is no such object")
            }
        }
        let report = try await fixture.reconcile(store: store)
        #expect(report.counts == [.unreadableShard: 2])
        #expect(report.totals.rowsInDoubt == 5)
    }

    @Test("A row that is marked after the shards of its day were listed is not missing")
    func migrationRuns() async throws {
        let fixture = try Fixture()
        let file = Fixture.File(uid: "late")
        try fixture.addRows([file])
        // The first list sees no shard; then one is published.
        let store = FaultyStore(real: fixture.store) { (call, key) throws(StorageError) in
            if call == "list", key == "20240102_" { try? fixture.addShard([file], modified: Fixture.young) }
        }
        let report = try await fixture.reconcile(store: store)
        #expect(report.isClean && report.counts.isEmpty)
        #expect(report.totals.shards == 1)
    }

    @Test("A shard that goes while it is looked at has nothing")
    func shardGoes() async throws {
        let fixture = try Fixture()
        let file = Fixture.File(uid: "a")
        try fixture.addRows([file])
        try fixture.addShard(Fixture.key(suffix: 1), [file])
        try fixture.addShard(Fixture.key(suffix: 2), [file])
        let gone = fixture.path + "/output/" + Fixture.key(suffix: 2)
        let store = FaultyStore(real: fixture.store) { (call, key) throws(StorageError) in
            if call == "readTail", key == Fixture.key(suffix: 2) { try? FileManager.default.removeItem(atPath: gone) }
        }
        #expect(try await fixture.reconcile(store: store).counts.isEmpty)
    }

    @Test("A shard that goes after it was read has no file twice")
    func shardGoesLater() async throws {
        let fixture = try Fixture()
        let file = Fixture.File(uid: "a")
        try fixture.addRows([file])
        try fixture.addShard(Fixture.key(suffix: 1), [file])
        try fixture.addShard(Fixture.key(suffix: 2), [file])
        let gone = fixture.path + "/output/" + Fixture.key(suffix: 2)
        let store = FaultyStore(real: fixture.store) { (call, key) throws(StorageError) in
            // The second list of the day.
            if call == "list", key == "20240102_" { try? FileManager.default.removeItem(atPath: gone) }
        }
        #expect(try await fixture.reconcile(store: store).counts.isEmpty)
    }
}
