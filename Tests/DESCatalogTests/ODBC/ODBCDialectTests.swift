import DESBase
import DESODBC
import Testing

@testable import DESCatalog
@testable import DESCatalogODBC

@Suite("The SQL of each database")
struct ODBCDialectTests {
    private static let cutoff = Timestamp(parsing: "2024-06-01T00:00:00.1234567Z") ?? .latest

    private func table(_ dialect: SQLDialect, time: ODBCColumn, text: Bool = true, keyed: Bool = true) -> ODBCTable {
        let isUpper = dialect.product == .oracle
        func name(_ name: String) -> String { isUpper ? name.uppercased() : name }
        func column(_ text: String, _ type: ODBCColumn.ValueType, mayBeNull: Bool = false) -> ODBCColumn {
            ODBCColumn(name: name(text), typeName: "", type: type, size: 100, mayBeNull: mayBeNull)
        }
        let id = column("id", .integer)
        return ODBCTable(
            dialect: dialect, name: "files",
            qualifiedName: "\(dialect.quoted(name("dbo"))).\(dialect.quoted(name("files")))",
            columns: CatalogColumns(
                uid: column("uid", .text(isWide: false)), createdAt: time,
                location: column("location", .text(isWide: true)),
                size: column("size", .integer),
                archived: column("archived", isUpper ? .integer : .boolean, mayBeNull: true),
                archivedAt: column("archived_at", .timestamp(digits: 6, hasOffset: false)),
                shardKey: column("shard", .text(isWide: false)), meta: []),
            primaryKey: keyed ? [id] : [],
            indexes: [
                .init(name: "pk", columns: [name("id")], isUnique: true, isClustered: true),
                .init(name: "by_time", columns: [time.name, name("uid")]),
            ], whereClause: "tenant = 7")
    }

    private func time(_ name: String, _ typeName: String, digits: Int, hasOffset: Bool = false) -> ODBCColumn {
        ODBCColumn(
            name: name, typeName: typeName, type: .timestamp(digits: digits, hasOffset: hasOffset), size: 27,
            mayBeNull: true)
    }

    private func texts(_ query: ODBCQuery) -> [ODBCValue] { query.parameters.flatMap(\.values) }

    // MARK: SQL Server

    @Test("SQL Server: keyset pages")
    func sqlServerPages() throws {
        let table = table(.sqlServer, time: time("created_at", "datetime2", digits: 7))
        let scan = ODBCScanStatements(table: table, range: PendingRange(before: Self.cutoff))
        #expect(scan.way == .pages)
        #expect(
            scan.page(after: nil, limit: 1000).sql == """
                SELECT TOP (1000) [uid], [created_at], [location], [size], [id] FROM [dbo].[files] \
                WHERE ([archived] IS NULL OR [archived] = 0) AND (\ntenant = 7\n) \
                AND [created_at] < CAST(? AS datetime2(7)) ORDER BY [created_at], [uid], [id]
                """)
        let last = ODBCTime(year: 2024, month: 1, day: 2, hour: 3, minute: 4, second: 5, nanosecond: 123_456_700)
        let page = scan.page(after: [.time(last), .text("u"), .integer(9)], limit: 1000)
        #expect(
            page.sql == """
                SELECT TOP (1000) [uid], [created_at], [location], [size], [id] FROM [dbo].[files] \
                WHERE ([archived] IS NULL OR [archived] = 0) AND (\ntenant = 7\n) \
                AND [created_at] < CAST(? AS datetime2(7)) \
                AND [created_at] >= CAST(? AS datetime2(7)) AND ([created_at] > CAST(? AS datetime2(7)) \
                OR ([created_at] = CAST(? AS datetime2(7)) AND ([uid] > ? OR ([uid] = ? AND [id] > ?)))) \
                ORDER BY [created_at], [uid], [id]
                """)
        let position = ODBCValue.text("2024-01-02 03:04:05.1234567")
        #expect(
            texts(page) == [
                .text("2024-06-01 00:00:00.123456"), position, position, position, .text("u"), .text("u"), .integer(9),
            ])
    }

    @Test("SQL Server: marks lock their rows, skip those of others, and mark by key")
    func sqlServerMarks() {
        let statements = ODBCMarkStatements(table: table(.sqlServer, time: time("created_at", "datetime2", digits: 7)))
        let columns =
            "[uid], [created_at], [location], CASE WHEN ([archived] IS NULL OR [archived] = 0) THEN 1 ELSE 0 END, [id]"
        #expect(
            statements.lockedRows(uids: 2)
                == "SELECT \(columns) FROM [dbo].[files] WITH (ROWLOCK, UPDLOCK, READPAST) WHERE [uid] IN (?, ?)")
        #expect(
            statements.allRows(uids: 1) == "SELECT \(columns) FROM [dbo].[files] WITH (NOLOCK) WHERE [uid] IN (?)")
        #expect(
            statements.update(by: statements.table.primaryKey[0], keys: 2) == """
                UPDATE [dbo].[files] SET [archived] = 1, [archived_at] = SYSUTCDATETIME(), [shard] = ? \
                WHERE [id] IN (?, ?) AND ([archived] IS NULL OR [archived] = 0)
                """)
        #expect(
            statements.update.sql == """
                UPDATE [dbo].[files] SET [archived] = 1, [archived_at] = SYSUTCDATETIME(), [shard] = ? WHERE [uid] = ? \
                AND CAST(CAST([uid] AS nvarchar(max)) AS varbinary(max)) = CAST(CAST(? AS nvarchar(max)) AS varbinary(max)) \
                AND [created_at] >= CAST(? AS datetime2(7)) AND [created_at] < CAST(? AS datetime2(7)) \
                AND [location] = ? \
                AND CAST(CAST([location] AS nvarchar(max)) AS varbinary(max)) = CAST(CAST(? AS nvarchar(max)) AS varbinary(max)) \
                AND ([archived] IS NULL OR [archived] = 0)
                """)
        #expect(statements.update.parameters.count == 7)
        #expect(statements.table.dialect.setSavepoint == "SAVE TRANSACTION des_marks")
        #expect(statements.table.dialect.rollbackToSavepoint == "ROLLBACK TRANSACTION des_marks")
        #expect(
            statements.trial == """
                UPDATE [dbo].[files] SET [archived] = 1, [archived_at] = SYSUTCDATETIME(), [shard] = '' WHERE 1 = 0
                """)
    }

    @Test("MariaDB: a time that the server would set anew is set to what it is")
    func timeThatIsRenewed() {
        var table = table(.mariaDB(), time: time("created_at", "timestamp", digits: 6))
        #expect(!ODBCMarkStatements(table: table).trial.contains("created_at"))
        table.renewsTime = true
        #expect(
            ODBCMarkStatements(table: table).trial == """
                UPDATE `dbo`.`files` SET `archived` = 1, `archived_at` = UTC_TIMESTAMP(6), `shard` = '', \
                `created_at` = `created_at` WHERE 1 = 0
                """)
    }

    @Test("SQL Server: fences")
    func sqlServerFences() {
        let statements = ODBCMarkStatements(table: table(.sqlServer, time: time("created_at", "datetime2", digits: 7)))
        #expect(
            statements.createFenceTable == """
                IF OBJECT_ID(N'des_migration_fences') IS NULL CREATE TABLE des_migration_fences \
                ([unit] nvarchar(255) NOT NULL PRIMARY KEY, [token] BIGINT NOT NULL)
                """)
        #expect(
            statements.sharedToken
                == "SELECT [token] FROM des_migration_fences WITH (ROWLOCK, REPEATABLEREAD) WHERE [unit] = ?")
        #expect(
            statements.lockedToken
                == "SELECT [token] FROM des_migration_fences WITH (ROWLOCK, UPDLOCK, HOLDLOCK) WHERE [unit] = ?")
        #expect(statements.insertToken == "INSERT INTO des_migration_fences ([unit], [token]) VALUES (?, ?)")
        #expect(
            statements.raiseToken == "UPDATE des_migration_fences SET [token] = ? WHERE [unit] = ? AND [token] < ?")
    }

    @Test("SQL Server: a datetimeoffset is read in UTC, and compared as one")
    func sqlServerOffsets() {
        let table = table(.sqlServer, time: time("created_at", "datetimeoffset", digits: 7, hasOffset: true))
        let page = ODBCScanStatements(table: table, range: PendingRange(before: Self.cutoff)).page(after: nil, limit: 5)
        #expect(
            page.sql == """
                SELECT TOP (5) [uid], CAST(SWITCHOFFSET([created_at], '+00:00') AS datetime2(7)), [location], [size], [id] \
                FROM [dbo].[files] WHERE ([archived] IS NULL OR [archived] = 0) AND (\ntenant = 7\n) \
                AND [created_at] < CAST(? AS datetimeoffset(7)) ORDER BY [created_at], [uid], [id]
                """)
        #expect(texts(page) == [.text("2024-06-01 00:00:00.123456 +00:00")])
    }

    @Test("SQL Server: a cutoff is rounded up to what a datetime can hold, and left out beyond its years")
    func sqlServerDatetime() {
        let column = time("created_at", "datetime", digits: 3)
        #expect(SQLDialect.sqlServer.roundedUp(Self.cutoff, for: column) == "2024-06-01 00:00:00.124")
        #expect(SQLDialect.sqlServer.roundedUp(.earliest, for: column) == nil)
        #expect(SQLDialect.sqlServer.roundedUp(.latest, for: column) == nil)
        #expect(SQLDialect.sqlServer.parameter(for: column) == "CAST(? AS datetime)")
    }

    @Test("SQL Server: statistics and days")
    func sqlServerStatistics() {
        let table = table(.sqlServer, time: time("created_at", "datetime2", digits: 7))
        let statements = ODBCStatisticsStatements(table: table)
        #expect(statements.countsInDatabase)
        let query = statements.statistics(cutoff: "2024")
        let due = "[created_at] < CAST(? AS datetime2(7))"
        let dated = "NOT ([created_at] IS NULL)"
        let noUID = "([uid] IS NULL OR DATALENGTH([uid]) = 0)"
        let noLocation = "([location] IS NULL OR DATALENGTH([location]) = 0)"
        let fetched = "(([created_at] IS NULL) OR \(due))"
        #expect(
            query.sql == """
                SELECT SUM(CASE WHEN \(dated) AND \(due) THEN 1 ELSE 0 END), \
                MIN(CASE WHEN \(dated) AND \(due) THEN [created_at] END), \
                MAX(CASE WHEN \(dated) AND \(due) THEN [created_at] END), \
                SUM(CASE WHEN \(fetched) AND (([created_at] IS NULL) OR \(noUID) OR \(noLocation)) THEN 1 ELSE 0 END), \
                SUM(CASE WHEN \(fetched) AND \(noUID) THEN 1 ELSE 0 END), \
                SUM(CASE WHEN ([created_at] IS NULL) THEN 1 ELSE 0 END), \
                SUM(CASE WHEN \(fetched) AND \(noLocation) THEN 1 ELSE 0 END), \
                SUM(CASE WHEN \(dated) AND NOT (\(due)) THEN 1 ELSE 0 END), \
                SUM(CASE WHEN \(dated) AND \(due) AND [size] >= 0 THEN CAST([size] AS decimal(38, 0)) ELSE 0 END), \
                SUM(CASE WHEN \(dated) AND \(due) AND ([size] IS NULL OR [size] < 0) THEN 1 ELSE 0 END) \
                FROM [dbo].[files] WHERE ([archived] IS NULL OR [archived] = 0) AND (\ntenant = 7\n)
                """)
        #expect(query.parameters.count == query.sql.count { $0 == "?" })
        let day = "CASE WHEN ([created_at] IS NULL) THEN NULL ELSE DATEDIFF(day, '19700101', [created_at]) END"
        #expect(
            statements.days(cutoff: "2024").sql == """
                SELECT \(day), COUNT(*) FROM [dbo].[files] WHERE ([archived] IS NULL OR [archived] = 0) AND (\ntenant = 7\n) \
                AND (([created_at] IS NULL) OR \(due)) GROUP BY \(day)
                """)
    }

    @Test("SQL Server: session")
    func sqlServerSession() {
        #expect(
            SQLDialect.sqlServer.sessionStatements(.marking, ODBCCatalogSettings()) == [
                "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET LOCK_TIMEOUT 1000", "SET XACT_ABORT OFF",
                "SET QUOTED_IDENTIFIER ON", "SET ANSI_NULLS ON",
            ])
    }

    // MARK: Oracle

    @Test("Oracle: one statement where no index has the whole order, since each page would be sorted")
    func oracleScan() {
        let table = table(.oracle, time: time("CREATED_AT", "timestamp", digits: 6))
        var clustered = table
        clustered = ODBCTable(
            dialect: table.dialect, name: table.name, qualifiedName: table.qualifiedName, columns: table.columns,
            primaryKey: table.primaryKey,
            indexes: [.init(name: "by_time", columns: ["CREATED_AT", "UID"])], whereClause: nil)
        let scan = ODBCScanStatements(table: clustered, range: PendingRange(before: Self.cutoff))
        #expect(scan.way == .oneStatement)
        #expect(
            scan.allRows(from: nil).sql == """
                SELECT "UID", "CREATED_AT", "LOCATION", "SIZE" FROM "DBO"."FILES" \
                WHERE ("ARCHIVED" IS NULL OR "ARCHIVED" = 0) \
                AND "CREATED_AT" < TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS.FF') ORDER BY "CREATED_AT", "UID"
                """)
        #expect(clustered.pagingNote.contains("(\"CREATED_AT\", \"UID\", \"ID\")"))
    }

    @Test("Oracle: keyset pages by an index that has the whole order; dates and zones keep their types")
    func oraclePages() {
        let base = table(.oracle, time: time("CREATED_AT", "timestamp with time zone", digits: 9, hasOffset: true))
        let table = ODBCTable(
            dialect: base.dialect, name: base.name, qualifiedName: base.qualifiedName,
            columns: CatalogColumns(
                uid: base.uid, createdAt: base.createdAt, location: base.location, archived: base.archived, meta: []),
            primaryKey: base.primaryKey,
            indexes: [.init(name: "by_time", columns: ["CREATED_AT", "UID", "ID"])], whereClause: nil)
        let scan = ODBCScanStatements(table: table, range: PendingRange(before: Self.cutoff))
        let zoned = "TO_TIMESTAMP_TZ(? || ' +00:00', 'YYYY-MM-DD HH24:MI:SS.FF TZH:TZM')"
        #expect(
            scan.page(after: nil, limit: 10).sql == """
                SELECT "UID", SYS_EXTRACT_UTC("CREATED_AT"), "LOCATION", "ID" FROM "DBO"."FILES" \
                WHERE ("ARCHIVED" IS NULL OR "ARCHIVED" = 0) AND "CREATED_AT" < \(zoned) \
                ORDER BY "CREATED_AT", "UID", "ID" FETCH FIRST 10 ROWS ONLY
                """)
        let date = time("D", "date", digits: 0)
        #expect(SQLDialect.oracle.parameter(for: date) == "TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')")
        #expect(SQLDialect.oracle.roundedUp(Self.cutoff, for: date) == "2024-06-01 00:00:01")
        #expect(scan.rowsWithoutTime?.sql.hasSuffix("AND \"CREATED_AT\" IS NULL FETCH FIRST 1000 ROWS ONLY") == true)
    }

    @Test("Oracle: marks and fences")
    func oracleMarks() {
        let statements = ODBCMarkStatements(table: table(.oracle, time: time("CREATED_AT", "timestamp", digits: 6)))
        let pending = "(\"ARCHIVED\" IS NULL OR \"ARCHIVED\" = 0)"
        #expect(
            statements.lockedRows(uids: 2) == """
                SELECT "UID", "CREATED_AT", "LOCATION", CASE WHEN \(pending) THEN 1 ELSE 0 END, "ID" \
                FROM "DBO"."FILES" WHERE "UID" IN (?, ?) FOR UPDATE SKIP LOCKED
                """)
        #expect(
            statements.update(by: statements.table.primaryKey[0], keys: 1) == """
                UPDATE "DBO"."FILES" SET "ARCHIVED" = 1, "ARCHIVED_AT" = SYS_EXTRACT_UTC(SYSTIMESTAMP), "SHARD" = ? \
                WHERE "ID" IN (?) AND \(pending)
                """)
        #expect(
            statements.update.sql == """
                UPDATE "DBO"."FILES" SET "ARCHIVED" = 1, "ARCHIVED_AT" = SYS_EXTRACT_UTC(SYSTIMESTAMP), "SHARD" = ? \
                WHERE "UID" = ? AND "CREATED_AT" = TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS.FF') AND "LOCATION" = ? \
                AND \(pending)
                """)
        #expect(
            statements.createFenceTable == """
                CREATE TABLE des_migration_fences ("UNIT" VARCHAR2(255 CHAR) NOT NULL PRIMARY KEY, "TOKEN" NUMBER(18) NOT NULL)
                """)
        #expect(
            statements.sharedToken
                == "SELECT \"TOKEN\" FROM des_migration_fences WHERE \"UNIT\" = ? FOR UPDATE WAIT 5")
        #expect(statements.table.dialect.setSavepoint == "SAVEPOINT des_marks")
        #expect(statements.table.dialect.rollbackToSavepoint == "ROLLBACK TO SAVEPOINT des_marks")
    }

    @Test("Oracle: statistics, days and session")
    func oracleStatistics() {
        let table = table(.oracle, time: time("CREATED_AT", "timestamp", digits: 6))
        let statements = ODBCStatisticsStatements(table: table)
        let query = statements.statistics(cutoff: "2024")
        #expect(query.parameters.count == query.sql.count { $0 == "?" })
        #expect(query.sql.contains("SUM(CASE WHEN (\"CREATED_AT\" IS NULL) THEN 1 ELSE 0 END)"))
        let day =
            "CASE WHEN (\"CREATED_AT\" IS NULL) THEN NULL ELSE TRUNC(CAST(\"CREATED_AT\" AS DATE)) - DATE '1970-01-01' END"
        #expect(statements.days(cutoff: nil).sql.hasSuffix("GROUP BY \(day)"))
        #expect(
            SQLDialect.oracle.sessionStatements(.reading, ODBCCatalogSettings()) == [
                "ALTER SESSION SET TIME_ZONE = '+00:00'", "ALTER SESSION SET NLS_COMP = BINARY",
                "ALTER SESSION SET NLS_SORT = BINARY", "ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,'",
                "ALTER SESSION SET ISOLATION_LEVEL = READ COMMITTED",
            ])
    }

    // MARK: Choosing

    @Test(
        "The dialect is told by what the driver calls the database",
        arguments: [
            ("MariaDB", "10.11.19", SQLDialect.mariaDB()), ("MariaDB", "10.05.00", .mariaDB(skipsLockedRows: false)),
            ("MySQL", "8.0.36", .mysql()), ("MySQL", "5.7.44", .mysql(skipsLockedRows: false)),
            ("Microsoft SQL Server", "16.00.1000", .sqlServer), ("Oracle", "19.00.0000", .oracle),
            ("PostgreSQL", "15.0.5", .postgresql), ("SQLite", "3.40.1", .sqlite),
        ])
    func choice(name: String, version: String, dialect: SQLDialect) {
        #expect(SQLDialect.dialect(product: ODBCProduct(naming: name), name: name, version: version) == dialect)
    }

    @Test("Names are quoted in each database's way")
    func quoting() {
        #expect(SQLDialect.mysql().quoted("a`b") == "`a``b`")
        #expect(SQLDialect.sqlServer.quoted("a]b") == "[a]]b]")
        #expect(SQLDialect.oracle.quoted("a\"b") == "\"a\"\"b\"")
        #expect(ODBCTable.parts(of: "a.[b.c].\"d e\"") == ["a", "b.c", "d e"])
    }
}
