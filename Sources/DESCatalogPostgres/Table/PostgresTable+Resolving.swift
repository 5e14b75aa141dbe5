import DESCatalog
import DESPostgres

extension PostgresTable {
    /// Finds the table and the columns of the schema in the database.
    ///
    /// - Throws: ``CatalogError`` with `missingTable` or `missingColumn`, which names the nearest name there is.
    init(_ schema: CatalogSchema, in session: PostgresSession, place: String) throws {
        let found = try Self.findTable(schema.table, in: session, place: place)
        let columns = try Self.columns(of: found, in: session)
        self.init(
            name: schema.table, schemaName: found.schema, tableName: found.name, number: found.number, kind: found.kind,
            columns: try CatalogColumns(
                schema, among: columns, place: place, isSame: { $0.lowercased() == $1.lowercased() }),
            whereClause: schema.whereClause)
        try checkWhereClause(in: session, place: place)
    }

    private func checkWhereClause(in session: PostgresSession, place: String) throws {
        guard let whereClause else { return }
        for trial in WhereClause.trials(of: whereClause, on: qualifiedName) {
            do {
                _ = try session.query(trial)
            } catch let error as PostgresError
                where [.queryFailed, .missingObject, .refusedRow].contains(error.code)
            {
                throw WhereClause.refusal(error.message, table: name, place: place)
            }
        }
    }

    private struct Found {
        let number: Int64
        let schema: String
        let name: String
        let kind: Kind
    }

    /// The whole text is tried as a name first, so that a table with a dot in its name is found; then each dot as the
    /// one between schema and table; then the text as SQL would read it, with quotes, and in lower case without them.
    private static func findTable(_ text: String, in session: PostgresSession, place: String) throws -> Found {
        let select = """
            SELECT c.oid::int8, n.nspname::text, c.relname::text, c.relkind::text
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
            """
        func first(_ condition: String, _ parameters: [String]) throws -> Found? {
            let rows = try session.query("\(select) AND \(condition)", parameters.map { .text($0) })
            guard rows.rowCount > 0, let number = rows.integer(0, 0), let schema = rows.text(0, 1),
                let name = rows.text(0, 2), let kind = rows.text(0, 3).flatMap(Kind.init)
            else { return nil }
            return Found(number: number, schema: schema, name: name, kind: kind)
        }
        if let found = try first("c.relname = $1 AND pg_table_is_visible(c.oid)", [text]) { return found }
        for index in text.indices where text[index] == "." {
            let parts = [String(text[..<index]), String(text[text.index(after: index)...])]
            if let found = try first("n.nspname = $1 AND c.relname = $2", parts) { return found }
        }
        do {
            if let found = try first("c.oid = to_regclass($1)", [text]) { return found }
        } catch let error as PostgresError where error.sqlState != nil && !error.isTransient {
            // Not a name that SQL could read.
        }
        throw try missing(text, in: session, place: place)
    }

    private static func missing(_ text: String, in session: PostgresSession, place: String) throws -> CatalogError {
        let rows = try session.query(
            """
            SELECT c.relname::text, n.nspname::text, pg_table_is_visible(c.oid)
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname <> 'information_schema'
            AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1 LIMIT 10000
            """)
        var names: [String] = []
        for row in 0..<rows.rowCount {
            guard let name = rows.text(row, 0), let schema = rows.text(row, 1) else { continue }
            if rows.bool(row, 2) == true { names.append(name) }
            names.append("\(schema).\(name)")
            // The name is right, the schema is missing.
            if name == text { return .missingTable(text, among: names, known: "\(schema).\(name)", place: place) }
        }
        return .missingTable(text, among: names, place: place)
    }

    private static func columns(of table: Found, in session: PostgresSession) throws -> [PostgresColumn] {
        // A domain is what it is based on.
        let rows = try session.query(
            """
            SELECT *, format_type(base::oid, -1) FROM (
            SELECT a.attname::text, a.attnotnull, format_type(a.atttypid, -1),
                COALESCE((SELECT NOT c.collisdeterministic FROM pg_collation c WHERE c.oid = a.attcollation), false),
                (WITH RECURSIVE types(number, base) AS (
                    SELECT t.oid, t.typbasetype FROM pg_type t WHERE t.oid = a.atttypid
                    UNION ALL SELECT t.oid, t.typbasetype FROM types JOIN pg_type t ON t.oid = types.base)
                SELECT number::int8 FROM types WHERE base = 0) AS base
            FROM pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum) AS des_columns
            """, [.int8(table.number)])
        return try (0..<rows.rowCount).compactMap { row in
            guard let name = rows.text(row, 0), let typeName = rows.text(row, 2), let baseName = rows.text(row, 5)
            else { return nil }
            let type = PostgresType(rawValue: UInt32(truncatingIfNeeded: rows.integer(row, 4) ?? 0))
            let kind = kind(of: type)
            var column = PostgresColumn(
                name: name, sql: "\(SQLText.name(table.name)).\(SQLText.name(name))",
                mayBeNull: rows.bool(row, 1) != true, kind: kind, typeName: typeName,
                // Not the domain, which may exclude NULL.
                isComparable: try kind != .other
                    || isComparable(baseName, type: rows.integer(row, 4) ?? 0, in: session),
                hasLooseCollation: rows.bool(row, 3) == true)
            if kind == .other { column.enumeration = try members(ofType: rows.integer(row, 4) ?? 0, in: session) }
            return column
        }
    }

    /// Nil for a type that is no enumeration.
    private static func members(ofType type: Int64, in session: PostgresSession) throws -> [String]? {
        let rows = try session.query(
            "SELECT enumlabel::text FROM pg_enum WHERE enumtypid = $1::oid ORDER BY enumsortorder", [.int8(type)])
        return rows.rowCount == 0 ? nil : (0..<rows.rowCount).compactMap { rows.text($0, 0) }
    }

    private static func kind(of type: PostgresType) -> PostgresColumn.Kind {
        switch type {
        case .int2, .int4, .int8: .integer
        case .float4, .float8: .float
        case .text, .varchar: .text
        case .bytea: .bytea
        case .uuid: .uuid
        case .timestamptz: .timestamptz
        case .timestamp: .timestamp
        case .date: .date
        default: .other
        }
    }

    /// Whether comparisons written with `=` and `>` are those that the type's order is made of: the operators of an extension
    /// outside of the search path are not found, and those of another type would take their place.
    private static func isComparable(_ typeName: String, type: Int64, in session: PostgresSession) throws -> Bool {
        do {
            _ = try session.query("SELECT NULL::\(typeName) < NULL::\(typeName)")
            let hidden = try session.query(
                """
                SELECT EXISTS (SELECT FROM pg_opclass c JOIN pg_am m ON m.oid = c.opcmethod AND m.amname = 'btree'
                JOIN pg_amop o ON o.amopfamily = c.opcfamily AND o.amoplefttype = c.opcintype
                AND o.amoprighttype = c.opcintype
                WHERE c.opcdefault AND c.opcintype = $1::oid AND NOT pg_operator_is_visible(o.amopopr))
                """, [.int8(type)])
            return hidden.bool(0, 0) == false
        } catch let error as PostgresError where error.code == .missingObject {
            return false
        }
    }
}
