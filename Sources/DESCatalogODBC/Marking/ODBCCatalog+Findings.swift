import DESBase
package import DESCatalog
import DESODBC
import Synchronization

extension ODBCCatalog {
    /// Values and the number of their rows; none if they were not found in the time that there is.
    private static func counts(
        _ query: String, in session: ODBCSession
    ) throws(ODBCError) -> [(value: String, rows: Int64)] {
        do {
            return try session.execute(query).map { row in
                (row[0].text ?? row[0].integer.map { String($0) } ?? "", row[1].integer ?? 0)
            }
        } catch  where error.kind == .timedOut || error.kind == .other {
            return []
        }
    }

    package func findings() async throws -> CatalogFindings {
        let table = try await table()
        let isFirst = !hasLookedAtMarks.exchange(true, ordering: .relaxed)
        return try await reader.run("cannot look at the table \"\(schema.table)\"") { [self] session in
            var findings = CatalogFindings()
            findings.hiddenRows = try ODBCBehind.hiding(table, in: session).map(hiddenRows)
            if isFirst, let archived = table.archived, let query = table.otherMarks {
                // Of MariaDB only.
                let limits = table.dialect.name == "MariaDB"
                if limits {
                    try session.execute("SET SESSION max_statement_time = \(DoneMark.timeLimit.components.seconds)")
                }
                findings.otherMarks = DoneMark.warning(archived.name, counts: try Self.counts(query, in: session))
                if limits {
                    let seconds = settings.statementTimeout.components.seconds
                    try session.execute("SET SESSION max_statement_time = \(max(1, seconds))")
                }
            }
            return findings
        }
    }
}

extension ODBCTable {
    /// Counts the values of the archived column that are neither pending nor done, for a few seconds at most; nil where the
    /// type knows none, or the time cannot be limited.
    fileprivate var otherMarks: String? {
        guard dialect.product == .mysql, let archived else { return nil }
        let name = sql(archived)
        let isOther: String
        switch archived.type {
        case .integer, .decimal, .real: isOther = "\(name) <> 0 AND \(name) <> 1 AND \(name) < 100000000"
        case .text:
            isOther = """
                NOT (\(isPending)) AND LOWER(TRIM(\(name))) NOT IN (\(SQLText.list(DoneMark.texts))) \
                AND \(name) NOT LIKE '____-__-__%'
                """
        case .boolean, .uuid, .bytes, .date, .timestamp: return nil
        }
        let known = DoneMark.texts + DoneMark.pendingTexts
        let members = enumerations[ByteString(archived.name)]
        if let members, members.allSatisfy({ known.contains($0.lowercased()) }) {
            return nil
        }
        // A comment for all but MySQL.
        return """
            SELECT /*+ MAX_EXECUTION_TIME(\(DoneMark.timeLimit.components.seconds * 1000)) */ LEFT(des_mark, 100), COUNT(*) FROM (SELECT \(name) AS des_mark FROM \(qualifiedName) \
            WHERE \(isOther) LIMIT \(DoneMark.countLimit)) AS des_marks GROUP BY 1 ORDER BY 2 DESC LIMIT 100
            """
    }
}

/// What lies behind the name of the table.
enum ODBCBehind {
    /// Whether a change that is rolled back leaves nothing behind. MySQL has engines without transactions, and does not tell
    /// which is behind a view.
    static func undoesChanges(of table: ODBCTable, in session: ODBCSession) throws(ODBCError) -> Bool {
        switch table.dialect.product {
        case .mysql:
            let engines = try session.execute(
                """
                SELECT e.TRANSACTIONS FROM information_schema.TABLES t JOIN information_schema.ENGINES e \
                ON e.ENGINE = t.ENGINE WHERE t.TABLE_SCHEMA = \(table.place.catalog == nil ? "DATABASE()" : "?") \
                AND t.TABLE_NAME = ?
                """, [table.place.catalog, table.place.name].compactMap { $0 }.map { .text($0) })
            return engines.first?.first?.text == "YES"
        case .sqlServer, .oracle, .postgresql, .sqlite: return true
        case .other: return false
        }
    }

    /// What hides rows of the table from its user; nil if nothing does, or the database cannot tell.
    static func hiding(_ table: ODBCTable, in session: ODBCSession) throws(ODBCError) -> String? {
        guard let query = hidingQuery(table) else { return nil }
        do {
            return try session.execute(query.sql, query.parameters).isEmpty
                ? nil : "row-level security of \(table.qualifiedName)"
        } catch  where error.kind == .other || error.kind == .accessDenied || error.kind == .missingTable {
            return nil
        }
    }

    static func hidingQuery(_ table: ODBCTable) -> ODBCQuery? {
        let name = ODBCParameter.text(table.qualifiedName)
        switch table.dialect.product {
        case .postgresql:
            return ODBCQuery(
                sql: "SELECT 1 WHERE row_security_active(CAST(CAST(? AS text) AS regclass))", parameters: [name])
        case .sqlServer:
            // 0 is a filter: it hides rows; a block predicate refuses changes.
            return ODBCQuery(
                sql: """
                    SELECT 1 FROM sys.security_predicates p JOIN sys.security_policies s ON s.object_id = p.object_id \
                    WHERE p.target_object_id = OBJECT_ID(?) AND p.predicate_type = 0 AND s.is_enabled = 1
                    """, parameters: [name])
        case .oracle:
            return ODBCQuery(
                sql: """
                    SELECT 1 FROM all_policies WHERE object_owner = ? AND object_name = ? AND sel = 'YES' \
                    AND enable = 'YES' AND SYS_CONTEXT('USERENV', 'SESSION_USER') <> object_owner
                    """, parameters: [.text(table.place.schema ?? ""), .text(table.place.name)])
        case .mysql, .sqlite, .other: return nil
        }
    }
}
