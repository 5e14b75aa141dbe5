import DESBase
import DESCatalog
import DESCatalogODBC
import DESTestSupport
import Foundation
import Testing

@Suite("Opening and counting a MariaDB catalog over ODBC")
struct ODBCSchemaTests {
    @Test("A wrong password is said to be wrong, and never printed")
    func wrongPassword() async throws {
        let database = try ODBCDatabase(ODBCDatabase.defaultTable)
        let secret = "falsch;}pw"
        let catalog = try database.catalog(url: database.server.mariadbURL(database: database.name, password: secret))
        let error = try #require(await catalogError { try await catalog.checkSchema() })
        #expect(error.code == .accessDenied)
        #expect(!"\(error)\(String(reflecting: error))".contains("falsch"))
        await catalog.close()
    }

    @Test("What is missing is named, with the nearest name there is")
    func missing() async throws {
        let database = try ODBCDatabase(ODBCDatabase.defaultTable)
        func failure(_ schema: CatalogSchema, _ url: String? = nil) async throws -> CatalogError {
            let catalog = try database.catalog(schema: schema, url: url)
            let error = await catalogError { try await catalog.checkSchema() }
            await catalog.close()
            return try #require(error)
        }
        let table = try await failure(CatalogSchema(table: "filez"))
        #expect(table.code == .missingTable && table.advice == "did you mean \"files\"?")
        let column = try await failure(CatalogSchema(table: "files", uidColumn: "uidd"))
        #expect(column.code == .missingColumn && column.advice == "did you mean \"uid\"?")
        let name = try await failure(CatalogSchema(table: "files"), database.server.mariadbURL(database: "nowhere"))
        #expect(name.code == .cannotOpen)
    }

    @Test("A server that does not answer is a transient failure")
    func serverDown() async throws {
        let server = try MariaDBServers.own()
        let database = try ODBCDatabase(ODBCDatabase.defaultTable, on: server)
        try server.stop()
        let catalog = try database.catalog()
        let error = try #require(await catalogError { try await catalog.checkSchema() })
        #expect(error.code == .unreachable && error.isTransient)
        try server.start()
        try await catalog.checkSchema()
        await catalog.close()
        let closed = await catalogError { _ = try await catalog.statistics(olderThan: .latest) }
        #expect(closed?.code == .closed)
    }

    @Test("Odd names are quoted, and a table may be named with its database")
    func names() async throws {
        let database = try ODBCDatabase(
            """
            CREATE TABLE `od``d.t "x"` (`u;id` VARCHAR(20) PRIMARY KEY, `größe` DATETIME, `select` VARCHAR(50), s INT, `a b` INT)
            """, "INSERT INTO `od``d.t \"x\"` VALUES ('a', '2024-01-01', '/a', 1, 0)")
        for table in ["od`d.t \"x\"", "`\(database.name)`.[od`d.t \"x\"]"] {
            let schema = CatalogSchema(
                table: table, uidColumn: "u;id", createdAtColumn: "größe", locationColumn: "select", sizeColumn: "s",
                archivedColumn: "a b", whereClause: "s = 1 OR s = 2")
            let catalog = try database.catalog(schema: schema)
            try await catalog.checkSchema()
            #expect(try await catalog.pendingRows(olderThan: .latest).allRows().uids == ["a"])
            #expect(try await catalog.statistics(olderThan: .latest).totalFiles == 1)
            await catalog.close()
        }
    }

    @Test("Statistics count what waits, what fails and what is too young")
    func statistics() async throws {
        let database = try ODBCDatabase(
            ODBCDatabase.defaultTable,
            """
            INSERT INTO files (uid, created_at, file_location, size_bytes, archived) VALUES
            ('a', '2024-01-01 10:00:00', '/a', 10, 0), ('b', '2024-01-02', '/b', -1, NULL), ('', '2024-01-02', '/c', NULL, 0),
            (NULL, '2024-01-03', NULL, 5, 0), ('e', NULL, '/e', 7, 0), ('f', '2025-01-01', '', 1, 0), ('g', '2024-01-01', '/g', 1, 1)
            """)
        let catalog = try database.catalog()
        let cutoff = try #require(Timestamp(year: 2024, month: 6, day: 1))
        var expected = CatalogStatistics(hasSizes: true)
        for (time, uid, location, size) in [
            ("2024-01-01T10:00:00Z", true, true, 10), ("2024-01-02", true, true, -1), ("2024-01-02", false, true, nil),
            ("2024-01-03", false, false, 5), (nil, true, true, 7), ("2025-01-01", true, false, 1),
        ] as [(String?, Bool, Bool, Int64?)] {
            expected.count(
                time: time.flatMap { Timestamp(parsing: $0) }, cutoff: cutoff, hasUID: uid, hasLocation: location,
                size: size)
        }
        #expect(try await catalog.statistics(olderThan: cutoff) == expected)
        #expect(
            try await catalog.pendingDays(olderThan: cutoff) == [
                PendingDay(dayNumber: 19723, rows: 1), PendingDay(dayNumber: 19724, rows: 2),
                PendingDay(dayNumber: 19725, rows: 1), PendingDay(dayNumber: nil, rows: 1),
            ])
        #expect(try await catalog.locationsStillPending(["/a", "/A", "/g", "/x"]) == ["/a"])
        try database.execute("ALTER TABLE files ADD INDEX (file_location(100))")
        let indexed = try database.catalog()
        #expect(try await indexed.locationsStillPending(["/a", "/A", "/g", "/x"]) == ["/a"])
        await indexed.close()
        await catalog.close()
    }

    @Test("A statement that takes too long ends, and the advice names an index")
    func timeout() async throws {
        let database = try ODBCDatabase(ODBCDatabase.defaultTable)
        try database.addRows(10)
        let schema = CatalogSchema(table: "files", whereClause: "SLEEP(1) = 0")
        let catalog = try database.catalog(
            schema: schema, settings: ODBCCatalogSettings(statementTimeout: .seconds(1)))
        let error = try #require(await catalogError { _ = try await catalog.statistics(olderThan: .latest) })
        #expect(error.code == .timedOut)
        #expect(error.advice?.contains("CREATE INDEX") == true)
        await catalog.close()
    }

    @Test("A cancelled task ends its statement at once")
    func cancellation() async throws {
        let database = try ODBCDatabase(ODBCDatabase.defaultTable)
        try database.addRows(60)
        let catalog = try database.catalog(schema: CatalogSchema(table: "files", whereClause: "SLEEP(1) = 0"))
        try await catalog.checkSchema()
        let start = ContinuousClock.now
        let task = Task { try await catalog.statistics(olderThan: .latest) }
        while try database.execute(
            "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'SELECT SUM%' AND db = '\(database.name)'"
        ) == "0" {
            try #require(ContinuousClock.now - start < .seconds(20))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(ContinuousClock.now - start < .seconds(20))
        await catalog.close()
    }
}
