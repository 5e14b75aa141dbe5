import DESReconciliation
import DESStorage
import Foundation
import GRDB
import Synchronization
import Testing

@Suite("What a reconciliation finds")
struct FindingTests {
    private let a = Fixture.File(uid: "a")
    private let b = Fixture.File(uid: "b", time: "2024-01-02T03:04:05.123456Z")
    private let c = Fixture.File(uid: "c", time: "2024-01-05T00:00:00Z")

    @Test("Nothing, where every marked row is in a shard")
    func agreement() async throws {
        let fixture = try Fixture()
        try fixture.addRows([a, b, c])
        try fixture.addRows([Fixture.File(uid: "waits")], isMarked: false)
        try fixture.addShard([a, b])
        try fixture.addShard(Fixture.key(day: "20240105"), [c])
        let report = try await fixture.reconcile()
        #expect(report.isClean && report.counts.isEmpty && report.young.isEmpty)
        #expect(report.totals.markedRows == 3 && report.totals.files == 3 && report.totals.shards == 2)
        #expect(report.totals.days == 2)
        #expect(report.text.contains("catalog and storage agree"))
    }

    @Test("A marked row that no shard has, also on a day without shards")
    func missing() async throws {
        let fixture = try Fixture()
        try fixture.addRows([a, b, c])
        try fixture.addShard([a])
        let report = try await fixture.reconcile()
        #expect(report.counts == [.markedInNoShard: 2])
        #expect(report.uids(.markedInNoShard) == ["b", "c"])
        let line = "marked but in no shard: b 2024-01-02T03:04:05.123456Z \(fixture.source("b"))"
        #expect(report.text.split(separator: "\n").first == Substring(line))
        #expect(!report.isClean)
    }

    @Test("The same uid at another time, or with other bytes that look alike, is another file")
    func keys() async throws {
        let fixture = try Fixture()
        let (composed, decomposed) = (Fixture.File(uid: "\u{E9}"), Fixture.File(uid: "e\u{301}"))
        try fixture.addRows([a, composed])
        try fixture.addShard([Fixture.File(uid: "a", time: "2024-01-02T03:04:06Z"), decomposed])
        let report = try await fixture.reconcile()
        #expect(report.counts == [.markedInNoShard: 2, .inShardNoRow: 2])
    }

    @Test("A file whose row is pending, and one that no row names")
    func unmarked() async throws {
        let fixture = try Fixture()
        try fixture.addRows([a], isMarked: false)
        try fixture.addShard([a, b])
        let report = try await fixture.reconcile()
        #expect(report.counts == [.inShardNotMarked: 1, .inShardNoRow: 1])
        #expect(report.uids(.inShardNotMarked) == ["a"] && report.uids(.inShardNoRow) == ["b"])
        #expect(report.findings[.inShardNotMarked]?.first?.shard == Fixture.key())
        #expect(try fixture.markedUIDs().isEmpty)
    }

    @Test("A pending row whose shard is young, or still in staging, belongs to a migration")
    func youngShards() async throws {
        let fixture = try Fixture()
        try fixture.addRows([a, c], isMarked: false)
        try fixture.addShard([a], modified: Fixture.young)
        try fixture.addShard(Fixture.key(day: "20240105"), [c])
        try fixture.addShard(Fixture.key(day: "20240105"), [c], modified: Fixture.young, folder: "staging")
        let report = try await fixture.reconcile(repairs: true)
        #expect(report.counts.isEmpty)
        #expect(report.young == [.inShardNotMarked: 2, .stagingLeftover: 1])
        // Exactly those would be the first that a restored database has lost.
        #expect(!report.isClean)
        #expect(report.text.contains("nothing wrong was found, but what is too young was not judged"))
        #expect(report.text.contains("--min-age 0s") && !report.text.contains("agree"))
        #expect(try fixture.markedUIDs().isEmpty)
    }

    @Test("A file in two shards, unless there are two rows of it")
    func several() async throws {
        let fixture = try Fixture()
        try fixture.addRows([a, b])
        try fixture.addRows([b], place: "-other")
        try fixture.addShard(Fixture.key(suffix: 1), [a, b])
        try fixture.addShard(Fixture.key(suffix: 2), [a, b])
        let report = try await fixture.reconcile()
        #expect(report.counts == [.inSeveralShards: 1])
        #expect(report.uids(.inSeveralShards) == ["a"])
        let finding = try #require(report.findings[.inSeveralShards]?.first)
        #expect(finding.shard == Fixture.key(suffix: 1))
        #expect(finding.message?.contains(Fixture.key(suffix: 2)) == true)
    }

    @Test("Two marked rows of one uid and time, of which shards have one")
    func oneOfTwo() async throws {
        let fixture = try Fixture()
        try fixture.addRows([a])
        try fixture.addRows([a], place: "-other")
        try fixture.addShard([a])
        #expect(try await fixture.reconcile().counts == [.markedInNoShard: 1])
    }

    @Test("Marked rows without a uid or a readable time, by name")
    func unusable() async throws {
        let fixture = try Fixture()
        try await fixture.database.write {
            try $0.execute(
                sql: """
                    INSERT INTO files (uid, created_at, file_location, archived) VALUES
                    ('x', 'soon', '/x', 1), (NULL, '2024-01-02', '/null', 1), ('y', NULL, '/y', 1), ('z', 'soon', '/z', 0)
                    """)
        }
        let report = try await fixture.reconcile()
        #expect(report.counts == [.markedWithoutKey: 3])
        #expect(Set((report.findings[.markedWithoutKey] ?? []).compactMap(\.location)) == ["/x", "/null", "/y"])
    }

    @Test("Entries without a time are those of the day's rows, and else are only counted")
    func undated() async throws {
        let fixture = try Fixture()
        try fixture.addRows([a, b])
        try fixture.addShard([
            Fixture.File(uid: "a", isDated: false), b, Fixture.File(uid: "unknown", isDated: false),
        ])
        let report = try await fixture.reconcile()
        #expect(report.counts.isEmpty)
        #expect(report.totals.filesWithoutTime == 1)
    }

    @Test("A shard that cannot be read leaves the rows of its day in doubt, and no others")
    func unreadable() async throws {
        let fixture = try Fixture()
        try fixture.addRows([a, b, c])
        try fixture.addShard([a])
        try fixture.write("no shard at all", to: "output/\(Fixture.key(number: 1))")
        let report = try await fixture.reconcile()
        #expect(report.counts == [.unreadableShard: 1, .markedInNoShard: 1])
        #expect(report.uids(.markedInNoShard) == ["c"])
        #expect(report.totals.rowsInDoubt == 1)
        #expect(report.findings[.unreadableShard]?.first?.key == Fixture.key(number: 1))
    }

    @Test("Shards with names that are not ours are named, other objects are counted, staging is passed over")
    func strangeNames() async throws {
        let fixture = try Fixture()
        try fixture.write("x", to: "output/20249999_00_x.des")
        try fixture.write("x", to: "output/old.des")
        try fixture.write("x", to: "output/README")
        try fixture.write("x", to: "output/_bigFiles/README")
        let report = try await fixture.reconcile()
        #expect(report.counts == [.unknownShard: 2])
        #expect((report.findings[.unknownShard] ?? []).map(\.key) == ["20249999_00_x.des", "old.des"])
        #expect(report.totals.otherObjects == 2)
    }

    @Test("Big files that are missing, of another size, and that no shard names, old and young")
    func bigFiles() async throws {
        let fixture = try Fixture()
        let names = ["there", "gone", "short"]
        let files = names.map { Fixture.File(uid: $0, content: $0, bigFile: Fixture.hash($0)) }
        try fixture.addRows(files)
        try fixture.addShard(files)
        try fixture.addBigFile("there")
        try fixture.write("sho", to: "output/_bigFiles/\(Fixture.hash("short"))")
        try fixture.addBigFile("orphan")
        try fixture.addBigFile("young orphan", modified: Fixture.young)
        let report = try await fixture.reconcile()
        #expect(report.counts == [.missingBigFile: 2, .orphanedBigFile: 1])
        #expect(Set(report.uids(.missingBigFile)) == ["gone", "short"])
        #expect(report.findings[.orphanedBigFile]?.first?.key == "_bigFiles/\(Fixture.hash("orphan"))")
        #expect(report.young == [.orphanedBigFile: 1])
        #expect(report.totals.bigFiles == 4)
        #expect(fixture.exists("output/_bigFiles/\(Fixture.hash("orphan"))"))
    }

    @Test("Left-overs in staging and unfinished uploads, old and young")
    func leftovers() async throws {
        let fixture = try Fixture()
        try fixture.write("x", to: "staging/\(Fixture.key())")
        try fixture.write("x", to: "staging/\(Fixture.key(number: 1)).open")
        try fixture.write("x", to: "staging/\(Fixture.key(number: 2))", modified: Fixture.young)
        try fixture.write("x", to: "staging/lock")
        let store = FaultyStore(real: fixture.store)
        store.uploads.all.withLock {
            $0 = [
                UnfinishedUpload(key: "k1", id: "1", beganAt: 1_710_000_000),
                UnfinishedUpload(key: "k2", id: "2", beganAt: 1_717_190_000),
                UnfinishedUpload(key: "k3", id: "3", beganAt: nil),
            ]
        }
        let report = try await fixture.reconcile(store: store)
        #expect(report.counts == [.stagingLeftover: 2, .unfinishedUpload: 1])
        #expect(report.young == [.stagingLeftover: 1, .unfinishedUpload: 2])
        #expect(report.findings[.unfinishedUpload]?.first?.key == "k1")
        #expect(try await fixture.reconcile(store: store) { $0.minimumAge = .zero }.counts[.unfinishedUpload] == 2)
    }

    @Test("A range of days looks at nothing else")
    func range() async throws {
        let fixture = try Fixture()
        let days = (1...5).map { Fixture.File(uid: "\($0)", time: "2024-01-0\($0)T12:00:00Z") }
        try fixture.addRows(days)
        try fixture.addShard(Fixture.key(day: "20240103"), [Fixture.File(uid: "x", time: "2024-01-03T12:00:00Z")])
        try fixture.addShard(Fixture.key(day: "20240105"), [Fixture.File(uid: "x", time: "2024-01-05T12:00:00Z")])
        try fixture.addBigFile("orphan")
        let day = 19_724  // 2024-01-02
        let report = try await fixture.reconcile {
            $0.firstDay = Int64(day)
            $0.lastDay = Int64(day + 2)
        }
        #expect(report.counts == [.markedInNoShard: 3, .inShardNoRow: 1])
        #expect(report.uids(.markedInNoShard) == ["2", "3", "4"])
        #expect(report.notes.count == 1)
    }

    @Test("Rows in an order that is not that of time, since their times have several forms")
    func mixedForms() async throws {
        let fixture = try Fixture(createdAt: "")
        // Numbers come before texts.
        let days = (1...4).map { Fixture.File(uid: "t\($0)", time: "2024-01-0\($0)T12:00:00Z") }
        try fixture.addRows(days)
        try await fixture.database.write { database in
            for day in 1...4 {
                try database.execute(
                    sql: """
                        INSERT INTO files (uid, created_at, file_location, size_bytes, archived)
                        VALUES ('n\(day)', unixepoch('2024-01-0\(day)') + 1, '/n', 7, 1)
                        """)
            }
        }
        for day in 1...4 where day != 3 {
            try fixture.addShard(
                Fixture.key(day: "2024010\(day)"),
                [days[day - 1], Fixture.File(uid: "n\(day)", time: "2024-01-0\(day)T00:00:01Z")])
        }
        let report = try await fixture.reconcile()
        #expect(report.counts == [.markedInNoShard: 2])
        #expect(Set(report.uids(.markedInNoShard)) == ["t3", "n3"])
        #expect(report.totals.files == 6 && report.totals.shards == 3 && report.totals.markedRows == 8)
    }

    @Test("Lists are cut at the limit, counts are not")
    func limit() async throws {
        let fixture = try Fixture()
        try fixture.addRows((0..<30).map { Fixture.File(uid: "f\($0)") })
        let report = try await fixture.reconcile { $0.limit = 10 }
        #expect(report.counts == [.markedInNoShard: 30])
        #expect(report.uids(.markedInNoShard).count == 10)
        #expect(report.text.contains("marked but in no shard: and 20 more"))
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(report)) as? [String: Any]
        #expect((json?["counts"] as? [String: Int])?["marked_in_no_shard"] == 30)
        #expect(((json?["findings"] as? [String: Any])?["marked_in_no_shard"] as? [Any])?.count == 10)
    }
}
