import DESBase
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

        name = schema.table
        schemaName = SQLText.name(found.schema)
        tableName = found.name
        quotedName = SQLText.name(found.name)
        qualifiedName = "\(SQLText.name(found.schema)).\(SQLText.name(found.name))"
        self.columns = try CatalogColumns(schema, among: columns, place: path) { sqlite3_stricmp($0, $1) == 0 }
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

    /// The whole text is tried as a name first, so that a table with a dot in its name is found; then each dot as the
    /// one between schema and table.
    private static func findTable(_ text: String, in database: Database, path: String) throws -> Found {
        var candidates = [("main", text)]
        for index in text.indices where text[index] == "." {
            candidates.append((String(text[..<index]), String(text[text.index(after: index)...])))
        }
        for (schema, name) in candidates {
            let rows = try database.rows(
                """
                SELECT schema, name, type, wr FROM pragma_table_list
                WHERE schema = ?1 COLLATE NOCASE AND name = ?2 COLLATE NOCASE
                """, [.text(schema), .text(name)])
            if let row = rows.first {
                return Found(
                    schema: row[0].uidText ?? "", name: row[1].uidText ?? "", type: row[2].uidText ?? "",
                    isWithoutRowID: row[3] != .integer(0))
            }
        }
        let names = try database.rows(
            "SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        ).compactMap { $0[0].uidText }
        throw CatalogError.missingTable(text, among: names, place: path)
    }

    private static func columns(of table: Found, in database: Database) throws -> [Column] {
        try database.rows(
            "SELECT name, \"notnull\", pk FROM pragma_table_xinfo(?1, ?2)", [.text(table.name), .text(table.schema)]
        ).map { row in
            Column(
                name: row[0].uidText ?? "", mayBeNull: row[1] == .integer(0),
                primaryKeyPosition: Int(row[2].integerValue ?? 0))
        }
    }

    private static func kind(of table: Found, columns: [Column], in database: Database) throws -> Kind {
        guard table.type == "table" else { return table.type == "virtual" ? .virtual : .view }
        if table.isWithoutRowID {
            let key = columns.filter { $0.primaryKeyPosition > 0 }
            let names = key.sorted { $0.primaryKeyPosition < $1.primaryKeyPosition }.map(\.name)
            return .tableWithoutRowID(primaryKey: try keyOrder(names, of: table, in: database))
        }
        // A column may take each of the rowid's names for itself.
        let free = ["rowid", "_rowid_", "oid"].first { (name: String) in
            !columns.contains { sqlite3_stricmp($0.name, name) == 0 }
        }
        return free.map(Kind.table(rowID:)) ?? .view
    }

    /// The columns of a primary key, compared as the key compares them: it may tell texts apart that the column's own collation
    /// takes for equal.
    private static func keyOrder(_ names: [String], of table: Found, in database: Database) throws -> [String] {
        var collations: [ByteString: String] = [:]
        for row in try database.rows(
            """
            SELECT x.name, x.coll FROM pragma_index_list(?1, ?2) AS l, pragma_index_xinfo(l.name, ?2) AS x
            WHERE l.origin = 'pk' AND x.key = 1
            """, [.text(table.name), .text(table.schema)])
        {
            if let name = row[0].uidText { collations[ByteString(name)] = row[1].uidText }
        }
        return names.map { name in
            let sql = "t.\(SQLText.name(name))"
            var own: UnsafePointer<CChar>?
            let code = sqlite3_table_column_metadata(
                database.sqliteConnection, table.schema, table.name, name, nil, &own, nil, nil, nil)
            guard code == SQLITE_OK, let own, let collation = collations[ByteString(name)],
                sqlite3_stricmp(own, collation) != 0
            else { return sql }
            return "\(sql) COLLATE \(SQLText.name(collation))"
        }
    }
}
