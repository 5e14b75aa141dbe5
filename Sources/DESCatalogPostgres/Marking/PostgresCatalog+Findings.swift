import DESBase
package import DESCatalog
import DESPostgres
import Synchronization

extension PostgresCatalog {
    package func findings() async throws -> CatalogFindings {
        let table = try await table()
        var findings = CatalogFindings()
        let hiding = try await reader.use("cannot look whether rows are hidden") { session in
            try PostgresBehind.hiding(table, in: session)
        }
        if !hiding.isEmpty {
            findings.hiddenRows = hiddenRows("row-level security of \(hiding.joined(separator: ", "))")
        }
        let isFirst = !hasLookedAtMarks.exchange(true, ordering: .relaxed)
        if isFirst { findings.otherMarks = try await otherMarks(of: table) }
        return findings
    }

    /// Nil if none were found in the time that there is.
    private func otherMarks(of table: PostgresTable) async throws -> String? {
        guard let archived = table.archived, let condition = table.hasOtherMark else { return nil }
        return try await reader.use("cannot look at the marks of table \"\(schema.table)\"") { session in
            do {
                let rows = try session.withStatementTimeout(DoneMark.timeLimit) {
                    try session.query(
                        """
                        SELECT left(des_mark, 100), count(*) FROM (SELECT \(archived.sql)::text AS des_mark \
                        FROM \(table.qualifiedName) WHERE \(condition) LIMIT \(DoneMark.countLimit)) AS des_marks \
                        GROUP BY 1 ORDER BY 2 DESC LIMIT 100
                        """)
                }
                let counts = (0..<rows.rowCount).map { (rows.text($0, 0) ?? "", rows.integer($0, 1) ?? 0) }
                return DoneMark.warning(archived.name, counts: counts)
            } catch let error as PostgresError where error.code == .timedOut {
                return nil
            }
        }
    }
}

/// What lies behind the name of the table.
enum PostgresBehind {
    /// The tables behind the name with active row-level security: of each the policies count for its user, who is the owner of
    /// the view before it unless that has `security_invoker` ("CREATE VIEW" in the manual; `check_enable_rls` in the sources).
    static func hiding(_ table: PostgresTable, in session: PostgresSession) throws -> [String] {
        let invoker =
            session.serverVersion >= 150_000
            ? """
            EXISTS (SELECT FROM pg_options_to_table(v.reloptions) \
            WHERE option_name = 'security_invoker' AND option_value::boolean)
            """ : "false"
        let rows = try session.query(
            """
            WITH RECURSIVE des_behind (number, reader) AS (
                SELECT $1::oid, (SELECT oid FROM pg_roles WHERE rolname = current_user)
                UNION SELECT d.refobjid, CASE WHEN v.relkind = 'v' AND \(invoker)
                    THEN (SELECT oid FROM pg_roles WHERE rolname = current_user) ELSE v.relowner END
                FROM des_behind b JOIN pg_class v ON v.oid = b.number AND v.relkind IN ('v', 'm')
                JOIN pg_rewrite r ON r.ev_class = v.oid
                JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                    AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid)
            SELECT DISTINCT c.oid::regclass::text FROM des_behind b JOIN pg_class c ON c.oid = b.number
            JOIN pg_roles u ON u.oid = b.reader
            WHERE c.relrowsecurity AND NOT u.rolsuper AND NOT u.rolbypassrls
            AND (c.relforcerowsecurity OR NOT pg_has_role(u.oid, c.relowner, 'USAGE')) ORDER BY 1
            """, [.int8(table.number)])
        return (0..<rows.rowCount).compactMap { rows.text($0, 0) }
    }

    /// Whether a change that is rolled back leaves nothing behind: foreign tables of another kind than PostgreSQL may know no
    /// transactions.
    static func undoesChanges(of table: PostgresTable, in session: PostgresSession) throws -> Bool {
        let foreign = try session.query(
            """
            WITH RECURSIVE des_behind (number) AS (SELECT $1::oid
                UNION (WITH des_known AS (SELECT number FROM des_behind)
                SELECT d.refobjid FROM des_known b JOIN pg_rewrite r ON r.ev_class = b.number
                JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
                    AND d.refclassid = 'pg_class'::regclass
                UNION SELECT i.inhrelid FROM des_known b JOIN pg_inherits i ON i.inhparent = b.number))
            SELECT EXISTS (SELECT FROM des_behind b JOIN pg_foreign_table t ON t.ftrelid = b.number
            JOIN pg_foreign_server s ON s.oid = t.ftserver JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
            WHERE w.fdwname <> 'postgres_fdw')
            """, [.int8(table.number)])
        return foreign.bool(0, 0) == false
    }
}
