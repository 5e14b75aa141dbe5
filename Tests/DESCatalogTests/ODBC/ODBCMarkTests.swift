import DESBase
import DESCatalog
import DESCatalogODBC
import DESTestSupport
import Foundation
import Testing

enum MariaDBServers {
    /// A server that the test may stop.
    static func own() throws -> DatabaseServer { try MariaDBTestServer.start() }
}

@Suite("Marking rows of a MariaDB catalog over ODBC")
struct ODBCMarkTests {
    private static let time = Timestamp(year: 2024, month: 1, day: 1) ?? .latest

    private func mark(_ uid: String, _ location: String? = nil, shard: String = "s") -> RowMark {
        RowMark(
            key: RowKey(
                rowID: nil, uid: .text(uid), createdAt: .time(Self.time), location: .text(location ?? "/" + uid)),
            shard: shard)
    }

    private func database(_ more: String...) throws -> ODBCDatabase {
        let database = try ODBCDatabase(
            ODBCDatabase.defaultTable,
            """
            INSERT INTO files (uid, created_at, file_location, archived) VALUES ('a', '2024-01-01', '/a', 0),
            ('b', '2024-01-01', '/b', NULL), ('c', '2024-01-01', '/c', 0), ('d', '2024-01-01', '/d', 1)
            """)
        for sql in more { try database.execute(sql) }
        return database
    }

    private func marked(_ database: ODBCDatabase) throws -> String {
        try database.execute("SELECT GROUP_CONCAT(uid ORDER BY uid SEPARATOR '') FROM files WHERE archived = 1")
    }

    /// With a key to mark by, and without one, by arrays of parameters.
    static let keys = ["SELECT 1", "ALTER TABLE files MODIFY id BIGINT NULL, DROP PRIMARY KEY"]

    @Test("Each row has its outcome, in order, and only pending unchanged rows are marked", arguments: keys)
    func outcomes(key: String) async throws {
        let database = try database(key, "UPDATE files SET file_location = '/new' WHERE uid = 'b'")
        let catalog = try database.catalog()
        let outcomes = try await catalog.mark(
            [mark("c"), mark("b"), mark("a"), mark("a"), mark("x"), mark("d"), mark("A"), mark("a ")], within: nil)
        // Letter case and blanks at the end, which the collation takes for equal, are a change.
        #expect(
            outcomes == [
                .marked, .changed, .marked, .alreadyMarked, .changed, .alreadyMarked, .changed, .changed,
            ])
        #expect(try marked(database) == "acd")
        #expect(try await catalog.mark([], within: nil).isEmpty)
        await catalog.close()
    }

    @Test("Rows that only the collation takes for equal are not marked with one another", arguments: keys)
    func collation(key: String) async throws {
        let database = try database(
            key, "INSERT INTO files (uid, created_at, file_location) VALUES ('A', '2024-01-01', '/A')")
        let catalog = try database.catalog()
        #expect(try await catalog.mark([mark("A", "/A")], within: nil) == [.marked])
        #expect(try database.execute("SELECT uid FROM files WHERE archived = 1 AND uid = 'a'") == "A")
        await catalog.close()
    }

    @Test("A row that a constraint or trigger refuses does not stop the others", arguments: keys)
    func refused(key: String) async throws {
        let database = try database(
            key,
            """
            DELIMITER //
            CREATE TRIGGER guard BEFORE UPDATE ON files FOR EACH ROW BEGIN
                IF OLD.uid = 'a' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'on hold'; END IF;
                IF OLD.uid = 'c' THEN SET NEW.archived = 0; END IF;
            END //
            """)
        let catalog = try database.catalog()
        let outcomes = try await catalog.mark([mark("a"), mark("b"), mark("c")], within: nil)
        #expect(outcomes[0] == .refused(reason: "on hold"))
        #expect(outcomes[1] == .marked)
        #expect(outcomes[2] == .refused(reason: "a trigger of the database left the row pending"))
        #expect(try marked(database) == "bd")
        await catalog.close()
    }

    @Test("Shard name and moment of the mark are written where there are columns for them", arguments: keys)
    func furtherColumns(key: String) async throws {
        let database = try database(
            key, "ALTER TABLE files ADD marked_at DATETIME(6), ADD shard VARCHAR(20)")
        var schema = CatalogSchema(table: "files")
        schema.archivedAtColumn = "marked_at"
        schema.shardKeyColumn = "SHARD"
        let catalog = try database.catalog(schema: schema)
        try await catalog.checkSchema()
        let marks = [mark("a", shard: "one"), mark("b", shard: "two"), mark("c", shard: "one")]
        #expect(try await catalog.mark(marks, within: nil) == [.marked, .marked, .marked])
        #expect(
            try database.execute(
                "SELECT uid, shard, ABS(TIMESTAMPDIFF(SECOND, marked_at, UTC_TIMESTAMP())) < 60 FROM files ORDER BY uid"
            )
                == "a\tone\t1\nb\ttwo\t1\nc\tone\t1\nd\tNULL\tNULL")
        // A name that is too long is refused, not cut.
        try database.execute("UPDATE files SET archived = 0 WHERE uid = 'a'")
        let long = try await catalog.mark([mark("a", shard: String(repeating: "x", count: 30))], within: nil)
        guard case .refused(let reason) = long[0] else {
            Issue.record("marked with a name that was cut")
            return
        }
        #expect(reason.contains("too long"))
        await catalog.close()
    }

    @Test("A locked row is waited for, then refused; the others are marked, and nothing waits in the database")
    func lockedRow() async throws {
        let database = try database()
        let catalog = try database.catalog(settings: ODBCCatalogSettings(lockWait: .milliseconds(400)))
        let other = try database.catalog()
        try await other.holdLock(on: "a") {
            let outcomes = try await catalog.mark([mark("a"), mark("b")], within: nil)
            #expect(outcomes == [.refused(reason: "locked by another transaction of the database"), .marked])
        }
        #expect(try await catalog.mark([mark("a"), mark("b")], within: nil) == [.marked, .alreadyMarked])
        await catalog.close()
        await other.close()
    }

    @Test("Many workers that take over a unit at once leave the highest token")
    func raisingAtOnce() async throws {
        let database = try database()
        let catalogs = try (1...4).map { _ in try database.catalog() }
        await withTaskGroup(of: Void.self) { group in
            for (index, catalog) in catalogs.enumerated() {
                group.addTask {
                    for step in 1...5 {
                        // A lower token than the one that is there is refused, which is as good.
                        try? await catalog.raise(Fence(unit: "größe 😀", token: Int64(step * 4 + index)))
                    }
                }
            }
        }
        #expect(try database.execute("SELECT unit, token FROM des_migration_fences") == "größe 😀\t23")
        for catalog in catalogs { await catalog.close() }
    }

    @Test(
        "A restart of the server leaves all or nothing marked, and the repeated call finds out",
        arguments: [false, true])
    func restart(killed: Bool) async throws {
        let server = try MariaDBServers.own()
        let database = try ODBCDatabase(ODBCDatabase.defaultTable, on: server)
        try database.addRows(1000)
        let catalog = try database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 1000)
        let marks = rows.map { RowMark(key: $0.key, shard: "s") }
        #expect(try await catalog.mark(Array(marks[..<500]), within: nil).allSatisfy { $0 == .marked })
        if killed {
            try server.kill()
            let error = await catalogError { _ = try await catalog.mark(marks, within: nil) }
            #expect(error?.code == .unreachable)
            try server.start()
        } else {
            try server.restart()
        }
        var outcomes: [MarkOutcome] = []
        for _ in 1...5 where outcomes.isEmpty {
            do {
                outcomes = try await catalog.mark(marks, within: nil)
            } catch let error as CatalogError {
                #expect(error.code == .unreachable)
            }
        }
        #expect(outcomes.prefix(500).allSatisfy { $0 == .alreadyMarked })
        #expect(outcomes.count == 1000 && outcomes.dropFirst(500).allSatisfy { $0 == .marked })
        await catalog.close()
    }

    @Test("A server that crashes again and again while rows are fetched and marked costs no row")
    func crashes() async throws {
        let server = try MariaDBServers.own()
        let database = try ODBCDatabase(ODBCDatabase.defaultTable, ODBCDatabase.index, on: server)
        try database.addRows(30_000)
        let catalog = try database.catalog()
        async let crashing: Void = {
            for _ in 1...4 {
                try server.kill()
                try server.start()
            }
        }()
        var unreachable = 0
        // A server that does not come back must not be waited for without end.
        let end = ContinuousClock.now + .seconds(180)
        func repeating<Result>(_ body: () async throws -> Result) async throws -> Result {
            while true {
                do {
                    return try await body()
                } catch let error as CatalogError where error.code == .unreachable {
                    unreachable += 1
                    try #require(.now < end, "\(error)")
                }
            }
        }
        let scan = try await repeating { try await catalog.pendingRows(olderThan: .latest) }
        var uids: [String] = []
        while case let page = try await repeating({ try await scan.nextPage(atMost: 500) }), !page.isEmpty {
            uids += page.uids
            let marks = page.map { RowMark(key: $0.key, shard: "s") }
            let outcomes = try await repeating { try await catalog.mark(marks, within: nil) }
            // After an unknown end the first attempt may have marked them.
            #expect(outcomes.allSatisfy { $0 == .marked } || outcomes.allSatisfy { $0 == .alreadyMarked })
        }
        try await crashing
        #expect(uids.count == 30_000 && Set(uids).count == 30_000)
        #expect(try database.execute("SELECT COUNT(*) FROM files WHERE archived = 1") == "30000")
        await catalog.close()
    }

    @Test("A server that may not be written is found before anything is packed")
    func readOnlyServer() async throws {
        let server = try MariaDBServers.own()
        let database = try ODBCDatabase(ODBCDatabase.defaultTable, on: server)
        try database.execute("GRANT SELECT, UPDATE ON *.* TO 'plain'@'127.0.0.1' IDENTIFIED BY 'x'")
        let catalog = try database.catalog(
            url: server.mariadbURL(database: database.name, user: "plain", password: "x"))
        try database.execute("SET GLOBAL read_only = 1")
        let error = await catalogError { try await catalog.checkSchema() }
        #expect(error?.code == .readOnly)
        try database.execute("SET GLOBAL read_only = 0")
        try await catalog.checkSchema()
        await catalog.close()
    }

    @Test("A transaction of a paused worker is ended by the server, so that another can take over")
    func pausedWorker() async throws {
        let database = try database()
        let settings = ODBCCatalogSettings(lockWait: .seconds(1), idleTransactionTimeout: .seconds(2))
        let (paused, next) = (try database.catalog(settings: settings), try database.catalog(settings: settings))
        try await paused.raise(Fence(unit: "u", token: 1))
        try await paused.holdFence("u") {
            try await next.raise(Fence(unit: "u", token: 2))
        }
        #expect(try await next.mark([mark("a")], within: Fence(unit: "u", token: 2)) == [.marked])
        await paused.close()
        await next.close()
    }

    @Test("Rows are not marked where there is no archived column")
    func unmarked() async throws {
        let database = try database()
        var schema = CatalogSchema(table: "files")
        schema.archivedColumn = nil
        let catalog = try database.catalog(schema: schema)
        try await catalog.checkSchema()
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().count == 4)
        let error = await catalogError { _ = try await catalog.mark([mark("a")], within: nil) }
        #expect(error?.code == .notMarkable)
        await catalog.close()
    }
}
