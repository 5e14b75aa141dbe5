import DESReconciliation
import DESStorage
import Foundation
import GRDB
import Synchronization
import Testing

@Suite("What a reconciliation repairs")
struct RepairTests {
    private let a = Fixture.File(uid: "a")

    @Test(
        "A pending row is marked if its file in a shard is whole and its source is the same", arguments: [true, false])
    func marks(hasSource: Bool) async throws {
        let fixture = try Fixture()
        try fixture.addRows([a], isMarked: false, hasSource: hasSource)
        try fixture.addShard([a])
        let report = try await fixture.reconcile(repairs: true)
        #expect(report.isClean)
        #expect(report.found == [.inShardNotMarked: 1] && report.repaired == [.inShardNotMarked: 1])
        #expect(try fixture.markedUIDs() == ["a"])
        #expect(fixture.exists("sources/a") == hasSource)
        #expect(try await fixture.reconcile().counts.isEmpty)
    }

    /// Why a row must not be marked.
    enum Obstacle: CaseIterable {
        case otherContent, otherSize, rowSize, damagedEntry, twoShards, twoRowsWithoutSource, noSize
    }

    @Test("A pending row is not marked if anything speaks against it", arguments: Obstacle.allCases)
    func keeps(obstacle: Obstacle) async throws {
        let fixture = try Fixture()
        try fixture.addRows([a], isMarked: false, hasSource: true)
        try fixture.addShard([a])
        switch obstacle {
        case .otherContent: try fixture.write("CONTENT", to: "sources/a")
        case .otherSize: try fixture.write("contents", to: "sources/a")
        case .rowSize: try await fixture.database.write { try $0.execute(sql: "UPDATE files SET size_bytes = 8") }
        case .damagedEntry:
            let path = "\(fixture.path)/output/\(Fixture.key())"
            var bytes = try Data(contentsOf: URL(filePath: path))
            bytes[10] ^= 1
            try bytes.write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.modificationDate: Fixture.old], ofItemAtPath: path)
        case .twoShards: try fixture.addShard(Fixture.key(suffix: 1), [a])
        case .twoRowsWithoutSource:
            try FileManager.default.removeItem(atPath: fixture.source("a"))
            try fixture.addRows([a], isMarked: false, place: "-other")
        case .noSize:
            try FileManager.default.removeItem(atPath: fixture.source("a"))
            try await fixture.database.write { try $0.execute(sql: "UPDATE files SET size_bytes = NULL") }
        }
        let report = try await fixture.reconcile(repairs: true)
        #expect(report.found[.inShardNotMarked] == 1)
        #expect(report.repaired.isEmpty && !report.isClean)
        #expect(report.findings[.inShardNotMarked]?.first?.message != nil)
        #expect(try fixture.markedUIDs().isEmpty)
    }

    @Test(
        "A source that nobody deleted is not taken for gone where its disk may not be mounted",
        arguments: [true, false])
    func keepsUnmounted(hasOther: Bool) async throws {
        let fixture = try Fixture()
        try fixture.addRows([a], isMarked: false)
        try fixture.addShard([a])
        if hasOther { try fixture.write("another", to: "sources/b") }
        let report = try await fixture.reconcile(repairs: true) { $0.deletesSources = false }
        #expect(report.repaired.isEmpty == !hasOther)
        #expect(try fixture.markedUIDs() == (hasOther ? ["a"] : []))
        guard !hasOther else { return }
        #expect(report.findings[.inShardNotMarked]?.first?.message?.contains("perhaps only out of reach") == true)
    }

    @Test("A source of the same size and CRC-32 but with other content is not the file in the shard")
    func comparesBytes() async throws {
        let fixture = try Fixture()
        let packed = Fixture.File(uid: "a", content: "yc3ktahsjd")
        try fixture.addRows([packed], isMarked: false)
        try fixture.addShard([packed])
        // The CRC-32 of both is the same.
        try fixture.write("fswd4dyg3i", to: "sources/a")
        let report = try await fixture.reconcile(repairs: true)
        #expect(report.found == [.inShardNotMarked: 1] && report.repaired.isEmpty)
        #expect(report.findings[.inShardNotMarked]?.first?.message?.contains("its source has other content") == true)
        #expect(try fixture.markedUIDs().isEmpty)
    }

    @Test("Of two pending rows of one uid and time the one is marked whose source is the same")
    func choosesBySource() async throws {
        let fixture = try Fixture()
        var other = a
        other.content = "CONTENT"
        try fixture.addRows([other], isMarked: false, hasSource: true)
        try fixture.addRows([a], isMarked: false, hasSource: true, place: "-same")
        try fixture.addShard([a])
        let report = try await fixture.reconcile(repairs: true)
        #expect(report.isClean)
        let location = try await fixture.database.read {
            try String.fetchOne($0, sql: "SELECT file_location FROM files WHERE archived = 1")
        }
        #expect(location == fixture.source("a-same"))
    }

    @Test("A pending row whose big file is damaged or missing is not marked", arguments: [true, false])
    func bigFileRows(isWhole: Bool) async throws {
        let fixture = try Fixture()
        let file = Fixture.File(uid: "big", content: "a big file", bigFile: Fixture.hash("a big file"))
        try fixture.addRows([file], isMarked: false)
        try fixture.addShard([file])
        try fixture.write(isWhole ? "a big file" : "a big fool", to: "output/_bigFiles/\(Fixture.hash("a big file"))")
        let report = try await fixture.reconcile(repairs: true)
        #expect(report.repaired == (isWhole ? [.inShardNotMarked: 1] : [:]))
        #expect(try fixture.markedUIDs() == (isWhole ? ["big"] : []))
    }

    @Test("Old big files that no shard names are deleted, young ones and named ones are not")
    func deletesBigFiles() async throws {
        let fixture = try Fixture()
        let named = Fixture.File(uid: "named", content: "named", bigFile: Fixture.hash("named"))
        try fixture.addRows([named])
        try fixture.addShard([named])
        for name in ["named", "orphan"] { try fixture.addBigFile(name) }
        try fixture.addBigFile("young", modified: Fixture.young)
        let report = try await fixture.reconcile(repairs: true)
        #expect(report.isClean && report.repaired == [.orphanedBigFile: 1])
        let left = ["named", "orphan", "young"].filter { fixture.exists("output/_bigFiles/\(Fixture.hash($0))") }
        #expect(left == ["named", "young"])
    }

    @Test(
        "No big file is deleted while a shard cannot be read, or has a name that is not ours", arguments: [true, false])
    func keepsBigFiles(hasOurName: Bool) async throws {
        let fixture = try Fixture()
        try fixture.addBigFile("orphan")
        try fixture.write("damaged", to: "output/\(hasOurName ? Fixture.key() : "x.des")")
        let report = try await fixture.reconcile(repairs: true)
        #expect(report.found[.orphanedBigFile] == nil && report.totals.bigFilesInDoubt == 1)
        #expect(fixture.exists("output/_bigFiles/\(Fixture.hash("orphan"))"))
    }

    @Test("A big file is kept if a shard that appears at the last moment names it")
    func lateShard() async throws {
        let fixture = try Fixture()
        let file = Fixture.File(uid: "big", content: "big", bigFile: Fixture.hash("big"))
        try fixture.addRows([file])
        try fixture.addBigFile("big")
        // When the big files are listed, the shards have been.
        let store = FaultyStore(real: fixture.store) { (call, key) throws(StorageError) in
            if call == "list", key.hasPrefix("_bigFiles") { try? fixture.addShard([file], modified: Fixture.young) }
        }
        let report = try await fixture.reconcile(repairs: true, store: store)
        #expect(report.found[.orphanedBigFile] == nil)
        #expect(fixture.exists("output/_bigFiles/\(Fixture.hash("big"))"))
    }

    @Test("Old uploads are aborted")
    func aborts() async throws {
        let fixture = try Fixture()
        let store = FaultyStore(real: fixture.store)
        store.uploads.all.withLock {
            $0 = [
                UnfinishedUpload(key: "k1", id: "1", beganAt: 1_717_190_000),
                UnfinishedUpload(key: "k2", id: "2", beganAt: 1_710_000_000),
            ]
        }
        let report = try await fixture.reconcile(repairs: true, store: store)
        #expect(report.isClean && report.repaired == [.unfinishedUpload: 1])
        #expect(store.uploads.all.withLock { $0.map(\.id) } == ["1"])
    }

    @Test("Nothing is changed without being asked to")
    func reportOnly() async throws {
        let fixture = try Fixture()
        try fixture.addRows([a], isMarked: false, hasSource: true)
        try fixture.addShard([a])
        try fixture.addBigFile("orphan")
        let store = FaultyStore(real: fixture.store) { (call, key) throws(StorageError) in
            if call == "delete" || call == "abort" { throw StorageError(.failed, key: key, "not allowed") }
        }
        let report = try await fixture.reconcile(store: store)
        #expect(report.repaired.isEmpty && report.counts == [.inShardNotMarked: 1, .orphanedBigFile: 1])
        #expect(try fixture.markedUIDs().isEmpty)
    }
}
