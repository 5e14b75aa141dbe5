import DESBase
import DESCatalog
import DESODBC

extension ODBCTable {
    /// Finds the table and the columns of the schema in the database.
    ///
    /// - Throws: ``CatalogError`` with `missingTable` or `missingColumn`, which names the nearest name there is, and
    ///   `ODBCError`.
    init(_ schema: CatalogSchema, in session: ODBCSession, place description: String) throws {
        let dialect = SQLDialect.of(session)
        let found = try Self.find(schema.table, dialect, in: session, place: description)
        let server = try Self.serverColumns(of: found.table, dialect, in: session)

        self.dialect = dialect
        name = schema.table
        qualifiedName = found.qualifiedName
        place = found.table
        columns = try CatalogColumns(
            schema, among: found.columns, place: description,
            isSame: { $0.lowercased().isByteEqual(to: $1.lowercased()) },
            hidden: { try Self.hiddenColumn($0, of: found, dialect, in: session) })
        let names = try Self.optional { () throws(ODBCError) in try session.primaryKey(of: found.table) }
        let key = try names.map { name in
            try found.columns.first { $0.name.isByteEqual(to: name) }
                ?? Self.hiddenColumn(name, of: found, dialect, in: session)
        }
        // A part of a key tells no rows apart.
        primaryKey = key.contains { $0 == nil } ? [] : key.compactMap { $0 }
        enumerations = server.compactMapValues(\.members)
        indexes = try Self.optional { () throws(ODBCError) in try session.indexes(of: found.table) }
        whereClause = schema.whereClause
        let kinds = try Self.optional { () throws(ODBCError) in [try session.isView(found.table)] }
        isView = kinds.contains(true)
        renewsTime =
            try isView
            ? mayKeepTime(in: session) : createdAt.isTime && server[ByteString(createdAt.name)]?.isRenewed == true
        mayHaveTriggers = try isView || Self.mayHaveTriggers(found.table, dialect, in: session)
        try checkWhereClause(in: session, place: description)
    }

    /// MySQL shows triggers only to users with the right to make some.
    private static func mayHaveTriggers(
        _ table: ODBCSession.Table, _ dialect: SQLDialect, in session: ODBCSession
    ) throws(ODBCError) -> Bool {
        guard dialect.product == .mysql else { return true }
        let isInSchema = table.catalog == nil ? "EVENT_OBJECT_SCHEMA = DATABASE()" : "EVENT_OBJECT_SCHEMA = ?"
        let names = [table.catalog, table.name].compactMap { $0 }
        return try !session.execute(
            "SELECT 1 FROM information_schema.TRIGGERS WHERE \(isInSchema) AND EVENT_OBJECT_TABLE = ? LIMIT 1",
            names.map { .text($0) }
        ).isEmpty
    }

    private func checkWhereClause(in session: ODBCSession, place: String) throws {
        guard let whereClause else { return }
        for trial in WhereClause.trials(of: whereClause, on: qualifiedName) {
            do throws(ODBCError) {
                _ = try session.execute(trial)
            } catch {
                guard Self.isAboutStatement(error) else { throw error }
                throw WhereClause.refusal(error.description, table: name, place: place)
            }
        }
    }

    /// Whether the statement is at fault, not the connection or the server.
    private static func isAboutStatement(_ error: ODBCError) -> Bool {
        switch error.kind {
        case .other, .constraint, .missingColumn, .missingTable: true
        default: false
        }
    }

    /// Whether the time can be set to what it is in a view that may have a table behind it that renews it.
    private func mayKeepTime(in session: ODBCSession) throws(ODBCError) -> Bool {
        guard dialect.product == .mysql, createdAt.isTime else { return false }
        do {
            let time = sql(createdAt)
            try session.execute("EXPLAIN UPDATE \(qualifiedName) SET \(time) = \(time) WHERE 1 = 0")
            return true
        } catch  where error.kind != .unreachable {
            return false
        }
    }

    /// What the driver does not tell of a column.
    private struct ServerColumn {
        /// Of an ENUM or SET.
        let members: [String]?
        /// Whether the database sets it anew whenever the row is changed.
        let isRenewed: Bool
    }

    /// By name; empty for all but MySQL and MariaDB.
    private static func serverColumns(
        of table: ODBCSession.Table, _ dialect: SQLDialect, in session: ODBCSession
    ) throws(ODBCError) -> [ByteString: ServerColumn] {
        guard dialect.product == .mysql else { return [:] }
        let isInSchema = table.catalog == nil ? "TABLE_SCHEMA = DATABASE()" : "TABLE_SCHEMA = ?"
        let names = [table.catalog, table.name].compactMap { $0 }
        let rows = try session.execute(
            """
            SELECT COLUMN_NAME, COLUMN_TYPE, EXTRA FROM information_schema.COLUMNS \
            WHERE \(isInSchema) AND TABLE_NAME = ?
            """, names.map { .text($0) })
        var columns: [ByteString: ServerColumn] = [:]
        for row in rows {
            guard row.count == 3, let name = row[0].text else { continue }
            columns[ByteString(name)] = ServerColumn(
                members: row[1].text.flatMap(members),
                isRenewed: row[2].text?.lowercased().contains("on update") == true)
        }
        return columns
    }

    /// The members of `enum('a','b')` or `set('a','b')`, in which a quote is doubled; nil for another type.
    static func members(ofType type: String) -> [String]? {
        let lower = type.lowercased()
        guard lower.hasPrefix("enum(") || lower.hasPrefix("set(") else { return nil }
        var members: [String] = []
        var current: String?
        var rest = type[...]
        while let character = rest.popFirst() {
            guard character == "'" else {
                current?.append(character)
                continue
            }
            if let text = current {
                if rest.first == "'" {
                    rest.removeFirst()
                    current = text + "'"
                } else {
                    members.append(text)
                    current = nil
                }
            } else {
                current = ""
            }
        }
        return members
    }

    /// A column that `SELECT *` does not show (INVISIBLE), if there is one of that name.
    private static func hiddenColumn(
        _ name: String, of table: Found, _ dialect: SQLDialect, in session: ODBCSession
    ) throws(ODBCError) -> ODBCColumn? {
        // SQLite would take an unknown name in quotes for a text.
        guard dialect.product != .sqlite else { return nil }
        do {
            let statement = try session.statement(
                "SELECT \(dialect.quoted(name)) FROM \(table.qualifiedName) WHERE 1 = 0")
            try statement.execute()
            defer { statement.close() }
            return try statement.columns().first
        } catch  where error.kind == .missingColumn || error.kind == .other {
            return nil
        }
    }

    private struct Found {
        let qualifiedName: String
        let table: ODBCSession.Table
        let columns: [ODBCColumn]
    }

    /// Parts between dots are catalog, schema and table; the text may also be the name of a table with dots in it.
    private static func find(
        _ text: String, _ dialect: SQLDialect, in session: ODBCSession, place: String
    ) throws -> Found {
        var candidates = [parts(of: text)]
        if candidates[0].count > 1 { candidates.append([text]) }
        if dialect.product == .oracle { candidates += candidates.map { $0.map { $0.uppercased() } } }
        if dialect.product == .postgresql { candidates += candidates.map { $0.map { $0.lowercased() } } }
        for parts in candidates {
            let name = parts.map(dialect.quoted).joined(separator: ".")
            do {
                let statement = try session.statement("SELECT * FROM \(name) WHERE 1 = 0")
                try statement.execute()
                defer { statement.close() }
                return Found(
                    qualifiedName: name, table: try table(parts, dialect, in: session), columns: try statement.columns()
                )
            } catch let error as ODBCError where error.kind == .missingTable || error.kind == .missingDatabase {
                continue
            }
        }
        let names = try optional { () throws(ODBCError) in try session.tables().map(\.name) }
        throw CatalogError.missingTable(text, among: names, place: place)
    }

    /// The table as the driver's catalogue functions ask for it.
    private static func table(
        _ parts: [String], _ dialect: SQLDialect, in session: ODBCSession
    ) throws -> ODBCSession.Table {
        let name = parts.last ?? ""
        let schema = parts.count > 1 ? parts[parts.count - 2] : nil
        let catalog = parts.count > 2 ? parts[0] : nil
        switch dialect.product {
        // A database is a catalog, and there are no schemas.
        case .mysql: return .init(catalog: schema, schema: nil, name: name)
        case .oracle where schema == nil:
            let rows = try session.execute("SELECT SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') FROM dual")
            return .init(catalog: nil, schema: rows.first?.first?.text, name: name)
        case .sqlServer where schema == nil:
            return .init(
                catalog: nil, schema: try session.execute("SELECT SCHEMA_NAME()").first?.first?.text, name: name)
        case .sqlServer, .oracle, .postgresql, .sqlite, .other:
            return .init(catalog: catalog, schema: schema, name: name)
        }
    }

    /// What a driver may not know is not needed; a broken connection is another matter.
    private static func optional<Element>(_ body: () throws(ODBCError) -> [Element]) throws(ODBCError) -> [Element] {
        do {
            return try body()
        } catch  where error.kind == .other {
            return []
        }
    }

    /// The text between dots that stand outside of quotes, the quotes taken away.
    static func parts(of text: String) -> [String] {
        let closing: [Character: Character] = ["\"": "\"", "`": "`", "[": "]"]
        var parts: [String] = []
        var current = ""
        var end: Character?
        for character in text {
            if let awaited = end {
                if character == awaited { end = nil } else { current.append(character) }
            } else if current.isEmpty, let awaited = closing[character] {
                end = awaited
            } else if character == "." {
                parts.append(current)
                current = ""
            } else {
                current.append(character)
            }
        }
        return (parts + [current]).filter { !$0.isEmpty }
    }
}
