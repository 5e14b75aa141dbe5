import DESBase
import DESCatalog
import DESPostgres
import DESTestSupport
import Foundation
import Testing

@testable import DESCatalogPostgres
@testable import DESCatalogSQLite
@testable import DESCatalogWatermark

@Suite("What the watermark mode keeps in its database")
struct ArchiveStoreTests {
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(parsing: text)) }

    private func everything(_ store: any ArchiveStore, _ kind: LeftOutKind = .packed, page: Int = 3) async throws -> Int
    {
        var rows: [LeftOutRow] = []
        while case let next = try await store.leftOut(
            kind, in: PendingRange(before: .latest), after: rows.last, atMost: page), !next.isEmpty
        {
            #expect(next.count <= page)
            rows += next
        }
        #expect(Set(rows).count == rows.count)
        return rows.count
    }

    @Test(
        "Nothing is created by reading, and everything by preparing, as often as one likes",
        arguments: ArchiveKind.allCases)
    func prepares(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        let store = fixture.store()
        #expect(try await store.config() == nil)
        #expect(try await everything(store) == 0)
        #expect(try await everything(store, .setAside) == 0)
        #expect(try await store.setAsideCount() == 0)
        #expect(try await store.setAside(atMost: 5).isEmpty)
        #expect(try await store.isArchived([try ArchiveFixture.mark("a").key]) == [false])
        #expect(await catalogError { _ = try await store.addPacked([try ArchiveFixture.mark("a")]) } != nil)
        try await store.prepare()
        try await store.prepare()
        #expect(try await store.config() == nil)
        #expect(try fixture.integer("SELECT count(*) FROM des_archive_config") == 0)
        await store.close()
        #expect(await catalogError { _ = try await store.config() }?.code == .closed)
    }

    @Test(
        "The watermark is set, read and moved, and each row of the table stands for itself",
        arguments: ArchiveKind.allCases)
    func watermark(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        let store = fixture.store(id: 7)
        try await store.prepare()
        let first = try time("2024-01-02T03:04:05.000006Z")
        #expect(try await store.setWatermark(until: nil, lagDays: 3) == ArchiveConfig(archivedUntil: nil, lagDays: 3))
        try await store.advance(from: nil, to: first)
        #expect(try await store.config() == ArchiveConfig(archivedUntil: first, lagDays: 3))
        let second = try time("2024-01-03")
        try await store.advance(from: first, to: second)
        // A call whose answer was lost is repeated.
        try await store.advance(from: first, to: second)
        let error = await catalogError { try await store.advance(from: first, to: try time("2024-01-04")) }
        #expect(error?.code == .fenced)
        #expect(error?.description.contains("2024-01-03T00:00:00Z, not 2024-01-02T03:04:05.000006Z") == true)
        #expect(await catalogError { try await store.advance(from: nil, to: try time("2024-01-04")) }?.code == .fenced)
        #expect(try await store.config()?.archivedUntil == second)
        #expect(
            try await store.setWatermark(until: first, lagDays: nil) == ArchiveConfig(archivedUntil: first, lagDays: 3))
        #expect(try await fixture.store().config() == nil)
    }

    @Test("The store of the files is remembered, for each row of the table by itself", arguments: ArchiveKind.allCases)
    func storeName(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        let store = fixture.store(id: 7)
        #expect(try await store.storeName() == nil)
        try await store.prepare()
        #expect(try await store.storeName() == nil)
        for name in ["first", "second"] {
            try await store.remember(storeName: name)
            #expect(try await store.storeName() == name)
        }
        #expect(try await fixture.store().storeName() == nil)
    }

    static let older: [(ArchiveKind, String, String)] = [
        (.postgres, "timestamptz", "'2024-01-02 05:00:00+02'"), (.postgres, "timestamp", "'2024-01-02 03:00:00'"),
        (.postgres, "text", "'2024-01-02T03:00:00Z'"), (.sqlite, "TIMESTAMP", "'2024-01-02 05:00:00+02:00'"),
        (.sqlite, "TIMESTAMP", "'2024-01-02 03:00:00.000000'"), (.sqlite, "DATETIME", "1704164400"),
        (.sqlite, "TEXT", "'2024-01-02T03:00:00Z'"), (.sqlite, "", "1704164400000"),
    ]

    @Test("The table of an older installation is used as it is", arguments: older)
    func olderTable(kind: ArchiveKind, type: String, value: String) async throws {
        let fixture = try ArchiveFixture(kind)
        try fixture.execute(
            """
            CREATE TABLE des_archive_config (id INTEGER PRIMARY KEY, archived_until \(type), lag_days INTEGER);
            INSERT INTO des_archive_config VALUES (1, \(value), 7)
            """)
        let store = fixture.store()
        let until = try time("2024-01-02T03:00:00Z")
        #expect(try await store.config() == ArchiveConfig(archivedUntil: until, lagDays: 7))
        try await store.prepare()
        try await store.advance(from: until, to: try time("2024-01-03"))
        #expect(try await store.config() == ArchiveConfig(archivedUntil: try time("2024-01-03"), lagDays: 7))
        #expect(try fixture.integer("SELECT count(*) FROM des_archive_config") == 1)
    }

    @Test("A watermark that is no time, and a table with other columns, are errors", arguments: ArchiveKind.allCases)
    func unusableTable(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        try fixture.execute(
            """
            CREATE TABLE des_archive_config (id INTEGER PRIMARY KEY, archived_until text, lag_days INTEGER);
            INSERT INTO des_archive_config VALUES (1, 'soon', 7)
            """)
        #expect(
            await catalogError { _ = try await fixture.store().config() }?.description.contains("is no time") == true)
        try fixture.execute("DROP TABLE des_archive_config; CREATE TABLE des_archive_config (id INTEGER PRIMARY KEY)")
        let error = await catalogError { try await fixture.store().prepare() }
        #expect(error?.description.contains("archived_until") == true)
    }

    @Test("A watermark that is a number in PostgreSQL is not guessed")
    func number() async throws {
        let fixture = try ArchiveFixture(.postgres)
        try fixture.execute(
            """
            CREATE TABLE des_archive_config (id INTEGER PRIMARY KEY, archived_until bigint, lag_days INTEGER);
            INSERT INTO des_archive_config VALUES (1, 1704067200, 7)
            """)
        #expect(
            await catalogError { _ = try await fixture.store().config() }?.description.contains("is no time") == true)
    }

    @Test(
        "Packed rows are noted once, listed in pages, and forgotten as the watermark passes",
        arguments: ArchiveKind.allCases)
    func packed(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        let store = fixture.store()
        try await store.prepare()
        let other = fixture.store(id: 2)
        var marks: [RowMark] = []
        for day in 1...3 { for number in 0..<4 { marks.append(try ArchiveFixture.mark("\(day).\(number)", day: day)) } }
        marks.append(marks[0])
        #expect(try await store.addPacked(marks) == Array(repeating: .marked, count: 12) + [.alreadyMarked])
        #expect(try await store.addPacked([marks[3]]) == [.alreadyMarked])
        #expect(try await other.addPacked([marks[3]]) == [.marked])
        #expect(try await everything(store) == 12)
        let range = PendingRange(from: try time("2024-01-02"), before: try time("2024-01-03"))
        #expect(try await store.leftOut(.packed, in: range, after: nil, atMost: 100).count == 4)

        try await store.advance(from: nil, to: try time("2024-01-02"))
        #expect(try await everything(store) == 8)
        #expect(try await everything(other) == 1)
        // What lies behind it is done.
        #expect(try await store.addPacked([marks[0], marks[12]]) == [.alreadyMarked, .alreadyMarked])
        #expect(try await everything(store) == 8)
        let unknown = try ArchiveFixture.mark("new", day: 3)
        #expect(
            try await store.isArchived([marks[0].key, marks[11].key, unknown.key])
                == [true, true, false])
        var undated = unknown
        undated.key.createdAt = .text("soon")
        let outcomes = try await store.addPacked([undated, unknown])
        #expect(outcomes == [.refused(reason: "the row has no readable time"), .marked])
        #expect(try await store.isArchived([undated.key]) == [false])
    }

    @Test("Whatever a row holds, it is known again", arguments: ArchiveKind.allCases)
    func anyValue(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        defer { withExtendedLifetime(fixture) {} }
        let store = fixture.store()
        try await store.prepare()
        let time = CatalogValue.text("2024-01-02 03:04:05")
        let values: [CatalogValue] = [
            .null, .text(""), .text("nul\0x"), .text("'; DROP TABLE x; --"), .blob([0xFF, 0x00]), .blob([0x00, 0xFF]),
            .real(1.5), .integer(7), .text("größe 名前 \u{1F4C1}"), .text(String(repeating: "long/", count: 20_000)),
            .text("e\u{301}"), .text("\u{E9}"),
        ]
        var keys: [RowKey] = []
        for uid in values { keys.append(RowKey(rowID: 1, uid: uid, createdAt: time, location: .text("/a"))) }
        for place in values { keys.append(RowKey(rowID: 1, uid: .text("a"), createdAt: time, location: place)) }
        let marks = keys.map { RowMark(key: $0, shard: "s\0") }
        #expect(try await store.addPacked(marks).allSatisfy { $0 == .marked })
        #expect(try await store.isArchived(keys).allSatisfy { $0 })
        // In another form, the same row; and with another row id.
        let same = RowKey(rowID: 9, uid: .text("7"), createdAt: .integer(1_704_164_645), location: .text("/a"))
        #expect(try await store.isArchived([same]) == [true])
        let failures = keys.map { ArchiveFailure(key: $0, reason: "r\0", message: "m\0", isPermanent: true) }
        #expect(try await store.failed(failures, cycle: "c\0", limit: 1000).allSatisfy { $0 })
        #expect(try await store.setAside(atMost: 1000).count == keys.count)
    }

    @Test("A row is set aside after failures in three cycles, or at once", arguments: ArchiveKind.allCases)
    func failures(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        defer { withExtendedLifetime(fixture) {} }
        let store = fixture.store()
        try await store.prepare()
        func failure(_ uid: String, permanent: Bool = false, message: String = "m") throws -> ArchiveFailure {
            ArchiveFailure(
                key: try ArchiveFixture.mark(uid).key, reason: "missing", message: message, isPermanent: permanent)
        }
        let batch = [try failure("a"), try failure("b", permanent: true), try failure("a")]
        #expect(try await store.failed(batch, cycle: "1", limit: 10) == [false, true, false])
        // The same cycle does not count twice.
        for _ in 0..<5 { #expect(try await store.failed([try failure("a")], cycle: "1", limit: 10) == [false]) }
        #expect(try await store.failed([try failure("a")], cycle: "2", limit: 10) == [false])
        #expect(try await everything(store, .setAside) == 1)
        // No more than may be: the next cycle does it.
        let last = [try failure("a", message: "last"), try failure("c", permanent: true)]
        #expect(try await store.failed(last, cycle: "3", limit: 0) == [false, false])
        #expect(try await store.failed(last, cycle: "4", limit: 1) == [true, false])
        #expect(try await store.failed(last, cycle: "4", limit: 1) == [true, true])
        #expect(try await store.setAsideCount() == 3)
        let rows = try await store.setAside(atMost: 2)
        #expect(rows.count == 2)
        #expect(rows.map(\.uid).sorted { $0 ?? "" < $1 ?? "" } == ["a", "c"])
        #expect(rows.first { $0.uid == "a" }?.attempts == 4)
        #expect(rows.first { $0.uid == "a" }?.message == "last")
        #expect(rows.allSatisfy { $0.location == "/data/\($0.uid ?? "")" && $0.reason == "missing" })

        // One that is packed in the end is not set aside any more; failures behind the watermark go, what is set aside stays.
        #expect(try await store.addPacked([try ArchiveFixture.mark("c")]) == [.marked])
        #expect(try await store.failed([try failure("d")], cycle: "4", limit: 1) == [false])
        try await store.advance(from: nil, to: try time("2024-01-02"))
        #expect(try await store.setAsideCount() == 2)
        _ = try await store.setWatermark(until: try time("2024-01-01"), lagDays: nil)
        for cycle in ["5", "6"] {
            #expect(try await store.failed([try failure("d")], cycle: cycle, limit: 1) == [false])
        }
        let undated = ArchiveFailure(
            key: RowKey(rowID: 1, uid: .null, createdAt: .null, location: .null), reason: "r", message: "m",
            isPermanent: true)
        #expect(try await store.failed([undated], cycle: "6", limit: 1) == [false])
        #expect(try await store.failed([], cycle: "6", limit: 1).isEmpty)
    }

    private func setAside(_ uids: [String], in store: any ArchiveStore) async throws {
        let failures = try uids.map {
            ArchiveFailure(key: try ArchiveFixture.mark($0).key, reason: "missing", message: "m", isPermanent: true)
        }
        #expect(try await store.failed(failures, cycle: "1", limit: 100).allSatisfy { $0 })
    }

    @Test(
        "Rows that are accepted stay known and out of all scans, and count no more", arguments: ArchiveKind.allCases)
    func accepted(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        defer { withExtendedLifetime(fixture) {} }
        let (store, other) = (fixture.store(), fixture.store(id: 2))
        try await store.prepare()
        try await setAside(["a", "b"], in: store)
        try await setAside(["a"], in: other)
        let waiting = ArchiveFailure(
            key: try ArchiveFixture.mark("c").key, reason: "unreadable", message: "m", isPermanent: false)
        #expect(try await store.failed([waiting], cycle: "1", limit: 9) == [false])
        #expect(try await store.acceptSetAside() == 2)
        #expect(try await store.acceptSetAside() == 0)
        #expect(try await store.setAsideCount() == 0)
        #expect(try await store.acceptedCount() == 2)
        #expect(try await store.setAside(atMost: 9).isEmpty)
        #expect(try await everything(store, .setAside) == 0)
        #expect(try await everything(store, .accepted) == 2)
        #expect(try await (other.setAsideCount(), other.acceptedCount()) == (1, 0))
        let marks = try ["a", "b", "c"].map { try ArchiveFixture.mark($0) }
        #expect(try await store.isArchived(marks.map(\.key)) == [false, false, false])
        // A later one counts again, and one that is packed after all is gone.
        try await setAside(["d"], in: store)
        #expect(try await store.setAsideCount() == 1)
        #expect(try await store.addPacked([marks[0]]) == [.marked])
        #expect(try await store.acceptedCount() == 1)
    }

    @Test("Tables of an older version get what they lack, and lose nothing", arguments: ArchiveKind.allCases)
    func olderSetAside(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        let store = fixture.store()
        try await store.prepare()
        try await setAside(["a", "b"], in: store)
        await store.close()
        try fixture.execute("ALTER TABLE des_archive_set_aside DROP COLUMN accepted_at")

        // Reading changes nothing.
        let reader = fixture.store()
        #expect(try await (reader.setAsideCount(), reader.acceptedCount()) == (2, 0))
        #expect(try await everything(reader, .setAside) == 2)
        #expect(try await everything(reader, .accepted) == 0)
        #expect(try await reader.setAside(atMost: 9).count == 2)
        #expect(await catalogError { _ = try await reader.acceptSetAside() } != nil)
        for _ in 0..<2 { try await reader.prepare() }
        #expect(try await reader.acceptSetAside() == 2)
        #expect(try await (reader.setAsideCount(), reader.acceptedCount()) == (0, 2))
        #expect(try fixture.integer("SELECT count(*) FROM des_archive_set_aside WHERE reason = 'missing'") == 2)
    }

    @Test("Packed rows are found by the begin of their locations, byte by byte", arguments: ArchiveKind.allCases)
    func locations(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        defer { withExtendedLifetime(fixture) {} }
        let store = fixture.store()
        #expect(try await store.packedLocations(beginningWith: "", atMost: 9).isEmpty)
        try await store.prepare()
        let locations = ["/a/x", "/a/y", "/A/x", "/ab", "/%/x", "/\u{E9}/x", "/e\u{301}/x", "s3://b/k"]
        var marks: [RowMark] = []
        for (number, location) in locations.enumerated() {
            var mark = try ArchiveFixture.mark("\(number)")
            mark.key.location = .text(location)
            marks.append(mark)
        }
        _ = try await store.addPacked(marks)
        func found(_ prefix: String, _ count: Int = 9) async throws -> [String] {
            try await store.packedLocations(beginningWith: prefix, atMost: count).sorted()
        }
        #expect(try await found("/a/") == ["/a/x", "/a/y"])
        #expect(try await found("/a/", 1).count == 1)
        #expect(try await found("/%/") == ["/%/x"])
        #expect(try await found("/_/").isEmpty)
        #expect(try await found("s3://b/") == ["s3://b/k"])
        #expect(try await found("/\u{E9}/").map { Array($0.utf8) } == [Array("/\u{E9}/x".utf8)])
        #expect(try await found("").count == locations.count)
        #expect(try await fixture.store(id: 2).packedLocations(beginningWith: "", atMost: 9).isEmpty)
    }

    @Test(
        "A row that was set aside is not archived, wherever the watermark is, until it is packed after all",
        arguments: ArchiveKind.allCases)
    func packedAfterAll(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        defer { withExtendedLifetime(fixture) {} }
        let store = fixture.store()
        let other = fixture.store(id: 2)
        try await store.prepare()
        let marks = try ["given up", "failed once", "fine"].map { try ArchiveFixture.mark($0) }
        let failures = zip(marks, [true, false]).map {
            ArchiveFailure(key: $0.key, reason: "missing", message: "m", isPermanent: $1)
        }
        #expect(try await store.failed(failures, cycle: "1", limit: 9) == [true, false])
        #expect(try await other.failed([failures[0]], cycle: "1", limit: 9) == [true])
        try await store.advance(from: nil, to: try time("2024-01-02"))
        #expect(try await store.isArchived(marks.map(\.key)) == [false, true, true])
        #expect(try await store.addPacked(marks) == [.marked, .alreadyMarked, .alreadyMarked])
        #expect(try await store.addPacked(marks).allSatisfy { $0 == .alreadyMarked })
        #expect(try await store.isArchived(marks.map(\.key)) == [true, true, true])
        #expect(try await store.setAsideCount() == 0)
        #expect(try await other.setAsideCount() == 1)
        #expect(try await everything(store) == 0)
    }

    @Test("A missing file is named with its setting, and not created")
    func missingFile() async throws {
        let database = try TemporaryDatabase()
        let path = database.folder("none.db")
        let error = await catalogError { try await SQLiteArchiveStore(path: path).prepare() }
        #expect(error?.code == .cannotOpen)
        #expect(error?.description.contains("migration.watermark_url") == true)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("A user who may not create tables is told the SQL, and never a password")
    func notPermitted() async throws {
        let server = try PostgresTestServer.shared()
        let database = try server.createPostgresDatabase()
        let user = "reader_\(database)"
        try server.psql(
            "CREATE ROLE \(user) LOGIN PASSWORD 'verborgen'; REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            database: database)
        func store(_ password: String) -> PostgresArchiveStore {
            PostgresArchiveStore(
                PostgresSettings(server.postgresURL(database: database, user: user, password: password)))
        }
        let error = await catalogError { try await store("verborgen").prepare() }
        #expect(error?.code == .accessDenied)
        #expect(error?.advice?.contains("CREATE TABLE IF NOT EXISTS des_archive_packed") == true)
        let wrong = await catalogError { _ = try await store("falsch").config() }
        #expect(wrong?.code == .accessDenied)
        #expect(wrong?.description.contains("falsch") == false)
    }

    @Test("A server that restarts is a transient error, and the store goes on with it")
    func restart() async throws {
        let server = try PostgresTestServer.start()
        let store = PostgresArchiveStore(PostgresSettings(server.url))
        try await store.prepare()
        #expect(try await store.addPacked([try ArchiveFixture.mark("a")]) == [.marked])
        try server.kill()
        let error = await catalogError { _ = try await store.addPacked([try ArchiveFixture.mark("b")]) }
        #expect(error?.isTransient == true)
        try server.start()
        _ = await catalogError { _ = try await store.config() }
        #expect(
            try await store.addPacked([try ArchiveFixture.mark("a"), try ArchiveFixture.mark("b")]) == [
                .alreadyMarked, .marked,
            ])
    }

    @Test("Of two processes that move the watermark at once one is refused", arguments: ArchiveKind.allCases)
    func race(kind: ArchiveKind) async throws {
        let fixture = try ArchiveFixture(kind)
        try await fixture.store().prepare()
        _ = try await fixture.store().setWatermark(until: try time("2024-01-01"), lagDays: nil)
        let stores = (0..<4).map { _ in fixture.store() }
        let start = try time("2024-01-01")
        let targets = try (0..<4).map { try time("2024-01-1\($0)") }
        let codes = await withTaskGroup(of: CatalogError.Code?.self) { group in
            for (store, target) in zip(stores, targets) {
                group.addTask { await catalogError { try await store.advance(from: start, to: target) }?.code }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.filter { $0 == nil }.count == 1)
        #expect(codes.filter { $0 == .fenced }.count == 3)
    }
}
