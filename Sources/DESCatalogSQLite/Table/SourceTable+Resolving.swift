import DESCatalog
import GRDB
import GRDBSQLite

extension SourceTable {
    /// Finds the table and the columns of the schema in the database.
    ///
    /// - Throws: ``CatalogError`` with `missingTable` or `missingColumn`, which names the nearest name there is.
    init(_ schema: CatalogSchema, in database: Database, path: String) throws {
        let found = try Self.findTable(schema.table, in: database, path: path)
        let columns = try Self.columns(of: found, in: database)

        func column(_ wanted: String, for purpose: String) throws -> Column {
            if let column = Self.match(wanted, in: columns) {
                return Column(name: column.name, mayBeNull: column.mayBeNull)
            }
            let nearest = NearestName.nearest(to: wanted, among: columns.map(\.name))
            throw CatalogError(
                code: .missingColumn, what: "the column \"\(wanted)\" (\(purpose)) is missing",
                place: "table \"\(schema.table)\" in \(path)",
                reason: "the table has the columns \(columns.map { "\"\($0.name)\"" }.joined(separator: ", "))",
                advice: nearest.map { "did you mean \"\($0)\"?" })
        }

        name = schema.table
        schemaName = Column.quoted(found.schema)
        tableName = found.name
        quotedName = Column.quoted(found.name)
        qualifiedName = "\(Column.quoted(found.schema)).\(Column.quoted(found.name))"
        uid = try column(schema.uidColumn, for: "uid_column")
        createdAt = try column(schema.createdAtColumn, for: "created_at_column")
        location = try column(schema.locationColumn, for: "file_location_column")
        size = try schema.sizeColumn.map { try column($0, for: "size_bytes_column") }
        archived = try schema.archivedColumn.map { try column($0, for: "archived_column") }
        archivedAt = try schema.archivedAtColumn.map { try column($0, for: "archived_at_column") }
        shardKey = try schema.shardKeyColumn.map { try column($0, for: "shard_key_column") }
        meta = try schema.metaColumns.map { try column($0, for: "meta_columns") }
        kind = try Self.kind(of: found, columns: columns, in: database)
        let from = "\(qualifiedName) AS t"
        condition = try schema.whereClause.map {
            try Self.condition($0, on: from, in: database, place: "table \"\(schema.table)\" in \(path)")
        }
    }

    private struct Found {
        let schema: String
        let name: String
        let type: String
        let isWithoutRowID: Bool
    }

    private struct Definition {
        let name: String
        let mayBeNull: Bool
        let primaryKeyPosition: Int
    }

    /// The whole text is tried as a name first, so that a table with a dot in its name is found; then each dot as the
    /// one between schema and table.
    private static func findTable(_ text: String, in database: Database, path: String) throws -> Found {
        var candidates = [("main", text)]
        for index in text.indices where text[index] == "." {
            candidates.append((String(text[..<index]), String(text[text.index(after: index)...])))
        }
        for (schema, name) in candidates {
            var found: Found?
            try database.rows(
                """
                SELECT schema, name, type, wr FROM pragma_table_list
                WHERE schema = ?1 COLLATE NOCASE AND name = ?2 COLLATE NOCASE
                """, binding: [.text(schema), .text(name)]
            ) { row in
                found = Found(
                    schema: row.text(at: 0), name: row.text(at: 1), type: row.text(at: 2),
                    isWithoutRowID: row.integer(at: 3) != 0)
                return false
            }
            if let found { return found }
        }
        var names: [String] = []
        try database.rows(
            "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        ) { row in
            names.append(row.text(at: 0))
            return true
        }
        let nearest = NearestName.nearest(to: text, among: names)
        throw CatalogError(
            code: .missingTable, what: "the table \"\(text)\" is missing", place: path,
            reason: names.isEmpty ? "the database has no tables" : "the database has no table or view of this name",
            advice: nearest.map { "did you mean \"\($0)\"?" })
    }

    private static func columns(of table: Found, in database: Database) throws -> [Definition] {
        var columns: [Definition] = []
        try database.rows(
            "SELECT name, \"notnull\", pk FROM pragma_table_xinfo(?1, ?2)",
            binding: [.text(table.name), .text(table.schema)]
        ) { row in
            columns.append(
                Definition(
                    name: row.text(at: 0), mayBeNull: row.integer(at: 1) == 0,
                    primaryKeyPosition: Int(row.integer(at: 2))))
            return true
        }
        return columns
    }

    /// Names of columns differ by more than the case of ASCII letters, as in SQLite.
    private static func match(_ name: String, in columns: [Definition]) -> Definition? {
        columns.first { $0.name == name } ?? columns.first { sqlite3_stricmp($0.name, name) == 0 }
    }

    private static func kind(of table: Found, columns: [Definition], in database: Database) throws -> Kind {
        guard table.type == "table" else { return table.type == "virtual" ? .virtual : .view }
        if table.isWithoutRowID {
            let key = columns.filter { $0.primaryKeyPosition > 0 }
            let names = key.sorted { $0.primaryKeyPosition < $1.primaryKeyPosition }.map(\.name)
            return .tableWithoutRowID(primaryKey: try keyOrder(names, of: table, in: database))
        }
        // A column may take each of the rowid's names for itself.
        let free = ["rowid", "_rowid_", "oid"].first { match($0, in: columns) == nil }
        return free.map(Kind.table(rowID:)) ?? .view
    }

    /// The columns of a primary key, compared as the key compares them: it may tell texts apart that the column's own collation
    /// takes for equal.
    private static func keyOrder(_ names: [String], of table: Found, in database: Database) throws -> [String] {
        var collations: [String: String] = [:]
        try database.rows(
            """
            SELECT x.name, x.coll FROM pragma_index_list(?1, ?2) AS l, pragma_index_xinfo(l.name, ?2) AS x
            WHERE l.origin = 'pk' AND x.key = 1
            """, binding: [.text(table.name), .text(table.schema)]
        ) { row in
            collations[row.text(at: 0)] = row.text(at: 1)
            return true
        }
        return names.map { name in
            let sql = "t.\(Column.quoted(name))"
            var own: UnsafePointer<CChar>?
            let code = sqlite3_table_column_metadata(
                database.sqliteConnection, table.schema, table.name, name, nil, &own, nil, nil, nil)
            guard code == SQLITE_OK, let own, let collation = collations[name],
                sqlite3_stricmp(own, collation) != 0
            else { return sql }
            return "\(sql) COLLATE \(Column.quoted(collation))"
        }
    }
}
