import CODBC

/// What the driver knows of tables and indexes.
extension ODBCSession {
    /// A table or view that exists.
    package struct Table: Sendable, Hashable {
        package let catalog: String?
        package let schema: String?
        package let name: String

        /// Catalog and schema are nil where the connection's own are meant.
        package init(catalog: String?, schema: String?, name: String) {
            self.catalog = catalog
            self.schema = schema
            self.name = name
        }
    }

    /// An index: its columns in their order.
    package struct Index: Sendable, Hashable {
        package let name: String
        package var columns: [String]
        package let isUnique: Bool
        /// Whether it covers only some of the rows.
        package let isPartial: Bool
        /// Whether the table's rows themselves stand in its order.
        package let isClustered: Bool

        package init(
            name: String, columns: [String], isUnique: Bool = false, isPartial: Bool = false, isClustered: Bool = false
        ) {
            self.name = name
            self.columns = columns
            self.isUnique = isUnique
            self.isPartial = isPartial
            self.isClustered = isClustered
        }
    }

    /// The names of up to 10,000 tables and views, those of the database's own aside.
    package func tables() throws(ODBCError) -> [Table] {
        let statement = try ODBCStatement(session: self)
        var types = Array("TABLE,VIEW".utf16)
        try statement.check(
            SQLTablesW(statement.handle.raw, nil, 0, nil, 0, nil, 0, &types, SQLSMALLINT(types.count)))
        return try statement.rows(atMost: 10_000).compactMap { row in
            guard row.count >= 3, let name = row[2].text else { return nil }
            return Table(catalog: row[0].text, schema: row[1].text, name: name)
        }
    }

    /// Whether it is a view.
    package func isView(_ table: Table) throws(ODBCError) -> Bool {
        let statement = try ODBCStatement(session: self)
        var types = Array("VIEW".utf16)
        let code = Self.withNames(of: table) { catalog, schema, name in
            SQLTablesW(
                statement.handle.raw, catalog.start, catalog.count, schema.start, schema.count, name.start, name.count,
                &types, SQLSMALLINT(types.count))
        }
        try statement.check(code)
        // The driver takes the name for a pattern.
        return try statement.rows(atMost: 10_000).contains { row in
            row.count >= 3 && row[2].text?.lowercased() == table.name.lowercased()
        }
    }

    /// The columns of the primary key in their order; empty if there is none.
    package func primaryKey(of table: Table) throws(ODBCError) -> [String] {
        let statement = try ODBCStatement(session: self)
        let code = Self.withNames(of: table) { catalog, schema, name in
            SQLPrimaryKeysW(
                statement.handle.raw, catalog.start, catalog.count, schema.start, schema.count, name.start, name.count)
        }
        try statement.check(code)
        let rows = try statement.rows(atMost: 100)
        return rows.sorted { ($0[4].integer ?? 0) < ($1[4].integer ?? 0) }.compactMap { $0[3].text }
    }

    /// The indexes of a table, the one of the primary key among them; empty for a view.
    package func indexes(of table: Table) throws(ODBCError) -> [Index] {
        let statement = try ODBCStatement(session: self)
        let code = Self.withNames(of: table) { catalog, schema, name in
            SQLStatisticsW(
                statement.handle.raw, catalog.start, catalog.count, schema.start, schema.count, name.start, name.count,
                SQLUSMALLINT(SQL_INDEX_ALL), SQLUSMALLINT(SQL_QUICK))
        }
        try statement.check(code)
        var indexes: [Index] = []
        for row in try statement.rows(atMost: 10_000) where row.count >= 13 {
            // A row without an index is the statistics of the table.
            guard let name = row[5].text, let column = row[8].text else { continue }
            if let last = indexes.indices.last, indexes[last].name == name {
                indexes[last].columns.append(column)
            } else {
                indexes.append(
                    Index(
                        name: name, columns: [column], isUnique: row[3].integer == 0,
                        isPartial: row[12].text?.isEmpty == false,
                        isClustered: row[6].integer == Int64(SQL_INDEX_CLUSTERED)))
            }
        }
        return indexes
    }

    private typealias Name = (start: UnsafeMutablePointer<SQLWCHAR>?, count: SQLSMALLINT)

    private static func withNames<Result>(of table: Table, _ body: (Name, Name, Name) -> Result) -> Result {
        func withName<Inner>(_ text: String?, _ body: (Name) -> Inner) -> Inner {
            guard let text else { return body((nil, 0)) }
            var units = Array(text.utf16)
            let count = SQLSMALLINT(clamping: units.count)
            return units.withUnsafeMutableBufferPointer { body(($0.baseAddress, count)) }
        }
        return withName(table.catalog) { catalog in
            withName(table.schema) { schema in withName(table.name) { body(catalog, schema, $0) } }
        }
    }
}
