import DESBase
import DESCatalog
import DESODBC

/// A statement with the values for its question marks.
struct ODBCQuery: Sendable {
    var sql: String
    var parameters: [ODBCParameter] = []
}

extension ODBCSession {
    /// Hands each row of a query to the body.
    func forEachRow(of query: ODBCQuery, _ body: (ODBCRow) throws(ODBCError) -> Void) throws(ODBCError) {
        let statement = try statement(query.sql)
        try statement.execute(query.parameters)
        try statement.forEachRow(body)
    }
}

/// The statements of a scan.
struct ODBCScanStatements: Sendable {
    /// How many rows without a time or uid are returned at most: they fail, and they show as a number in the statistics.
    static let unusableLimit = 1000

    /// How the rows are read.
    enum Way: Sendable, Hashable {
        /// Ranges of an index, of as many rows as are asked for.
        case pages
        /// Ranges of a sorted table, as long as the client's memory allows, since each is sorted anew.
        case longPages
        /// One result, which the driver hands over piece by piece.
        case oneStatement
    }

    /// How many rows a long page has.
    static let longPage = 100_000
    /// How many bytes its long values have at most.
    static let longPageBytes = 32 << 20

    let table: ODBCTable
    let range: PendingRange
    let way: Way
    /// Nil if one statement reads all rows.
    let order: ODBCOrder?

    init(table: ODBCTable, range: PendingRange) {
        self.table = table
        self.range = range
        if let served = ODBCOrder.served(of: table, range.state) {
            order = served
            way = .pages
        } else if table.dialect.keepsResultsInClient, let sorted = ODBCOrder.sorted(table) {
            order = sorted
            way = .longPages
        } else {
            order = nil
            way = .oneStatement
        }
    }

    /// What is selected: the row's columns, and then those of the order that are not among them, or that are an enumeration:
    /// of these the number of the member.
    private var selected: [(name: String, sql: String)] {
        let columns = table.rowColumns
        let names = columns.map(\.name)
        let others = (order?.columns ?? []).filter { !names.contains($0.name) && !isEnumeration($0) }
        let numbers = (order?.columns ?? []).filter(isEnumeration)
        return (columns + others).map { ($0.name, table.dialect.selected($0)) }
            + numbers.map { (Self.numberName($0), number(of: $0)) }
    }

    private func isEnumeration(_ column: ODBCColumn) -> Bool { table.enumerations[ByteString(column.name)] != nil }

    private static func numberName(_ column: ODBCColumn) -> String { "\0\(column.name)" }

    /// What an enumeration is put in order by.
    private func number(of column: ODBCColumn) -> String { "CAST(\(table.sql(column)) AS UNSIGNED)" }

    /// The values of the order's columns in a row of ``selected``.
    func position(of row: [ODBCValue]) -> [ODBCValue] {
        let names = selected.map(\.name)
        return (order?.columns ?? [table.createdAt]).map { column in
            let name = order != nil && isEnumeration(column) ? Self.numberName(column) : column.name
            return names.firstIndex(of: name).map { row[$0] } ?? .null
        }
    }

    /// The next page of rows with time and uid, in order.
    ///
    /// - Parameter position: the last row's values of the order's columns; nil for the first page.
    func page(after position: [ODBCValue]?, limit: Int) -> ODBCQuery {
        page(of: selected.map(\.sql).joined(separator: ", "), after: position, limit: limit)
    }

    /// How many bytes the long values of each row of a page have; nil if no column may hold long ones. Asked for where the
    /// driver would keep a whole page in memory.
    func pageSizes(after position: [ODBCValue]?, limit: Int) -> ODBCQuery? {
        guard table.dialect.keepsResultsInClient, case let columns = table.longColumns, !columns.isEmpty else {
            return nil
        }
        let sizes = columns.map { column in
            let size =
                table.dialect.product == .sqlite
                ? "LENGTH(CAST(\(table.sql(column)) AS BLOB))" : "OCTET_LENGTH(\(table.sql(column)))"
            return "COALESCE(\(size), 0)"
        }
        return page(of: sizes.joined(separator: " + "), after: position, limit: limit)
    }

    private func page(of columns: String, after position: [ODBCValue]?, limit: Int) -> ODBCQuery {
        var query = datedRows(columns)
        let columns = order?.columns ?? []
        if let position { append(isGreater(columns, than: position), to: &query) }
        let orderBy = columns.map(table.sql).joined(separator: ", ")
        query.sql = table.dialect.select("\(query.sql) ORDER BY \(orderBy)", limit: limit)
        return query
    }

    /// All rows with time and uid, in order, from the given time on.
    func allRows(from time: ODBCValue?) -> ODBCQuery {
        var query = datedRows()
        if let time {
            append(comparison(table.createdAt, ">=", time), to: &query)
        }
        query.sql = "SELECT \(query.sql) ORDER BY \(table.sql(table.createdAt)), \(table.sql(table.uid))"
        return query
    }

    /// Rows of the range without a uid; nil if the column excludes NULL.
    var rowsWithoutUID: ODBCQuery? {
        guard table.uid.mayBeNull else { return nil }
        var query = rows(where: ["\(table.sql(table.uid)) IS NULL"] + datedConditions)
        query.parameters += rangeParameters
        query.sql = table.dialect.select(
            "\(query.sql) ORDER BY \(table.sql(table.createdAt))", limit: Self.unusableLimit)
        return query
    }

    /// Rows without a time; nil if all have one.
    var rowsWithoutTime: ODBCQuery? {
        guard let hasNoTime = table.hasNoTime else { return nil }
        // An empty range asks for these rows alone: no page finds those among them whose date is none.
        let isAlone = range.from >= range.before && table.dialect.product == .mysql && table.createdAt.isTime
        var query = rows(where: [isAlone ? table.hasNoDateByIndex : hasNoTime])
        query.sql = table.dialect.select(query.sql, limit: Self.unusableLimit)
        return query
    }

    private func datedRows(_ columns: String? = nil) -> ODBCQuery {
        var conditions = datedConditions
        if table.uid.mayBeNull { conditions.append("\(table.sql(table.uid)) IS NOT NULL") }
        var query = rows(columns, where: conditions)
        query.parameters += rangeParameters
        return query
    }

    /// What follows SELECT, without an order.
    private func rows(_ columns: String? = nil, where conditions: [String]) -> ODBCQuery {
        let columns = columns ?? selected.map(\.sql).joined(separator: ", ")
        let all = (table.conditions(range.state) + conditions).joined(separator: " AND ")
        return ODBCQuery(sql: "\(columns) FROM \(table.qualifiedName) WHERE \(all)")
    }

    // MARK: The range, where the database can compare it

    private var lowerBound: String? {
        guard table.createdAt.isTime else { return nil }
        // Below all times there are only MySQL's dates of zeros.
        if range.from == .earliest { return table.dialect.product == .mysql ? "0001-01-01 00:00:00.000000" : nil }
        return table.dialect.roundedUp(range.from, for: table.createdAt)
    }

    private var upperBound: String? {
        guard table.createdAt.isTime else { return nil }
        return table.dialect.roundedUp(range.before, for: table.createdAt)
    }

    private var datedConditions: [String] {
        let name = table.sql(table.createdAt)
        let mark = table.dialect.parameter(for: table.createdAt)
        var conditions: [String] = []
        if lowerBound != nil { conditions.append("\(name) >= \(mark)") }
        if upperBound != nil { conditions.append("\(name) < \(mark)") }
        if conditions.isEmpty && table.createdAt.mayBeNull { conditions.append("\(name) IS NOT NULL") }
        return conditions
    }

    private var rangeParameters: [ODBCParameter] {
        [lowerBound, upperBound].compactMap { $0 }.map { ODBCParameter(.text(isWide: false), .text($0)) }
    }

    // MARK: Comparisons with a position

    private func append(_ condition: ODBCQuery, to query: inout ODBCQuery) {
        query.sql += " AND \(condition.sql)"
        query.parameters += condition.parameters
    }

    private func comparison(_ column: ODBCColumn, _ operation: String, _ value: ODBCValue) -> ODBCQuery {
        guard !isEnumeration(column) else {
            return ODBCQuery(
                sql: "\(number(of: column)) \(operation) ?", parameters: [ODBCParameter(.integer, value)])
        }
        return ODBCQuery(
            sql: "\(table.sql(column)) \(operation) \(table.dialect.parameter(for: column))",
            parameters: [parameter(value, for: column)])
    }

    private func parameter(_ value: ODBCValue, for column: ODBCColumn) -> ODBCParameter {
        if case .time(let time) = value {
            return ODBCParameter(.text(isWide: false), .text(table.dialect.text(time, for: column)))
        }
        return ODBCParameter(column.parameterKind, value)
    }

    /// `a >= x AND (a > x OR (a = x AND (b > y OR …)))`: the first term is there for databases that would not see a range
    /// of the index in the others.
    private func isGreater(_ columns: [ODBCColumn], than position: [ODBCValue]) -> ODBCQuery {
        if table.dialect.comparesRows {
            let names = columns.map(table.sql).joined(separator: ", ")
            let marks = columns.map(table.dialect.parameter).joined(separator: ", ")
            return ODBCQuery(
                sql: "(\(names)) > (\(marks))", parameters: zip(position, columns).map { parameter($0, for: $1) })
        }
        var result = ODBCQuery(sql: "")
        for (column, value) in zip(columns, position).reversed() {
            let greater = comparison(column, ">", value)
            if result.sql.isEmpty {
                result = greater
            } else {
                let equal = comparison(column, "=", value)
                result = ODBCQuery(
                    sql: "(\(greater.sql) OR (\(equal.sql) AND \(result.sql)))",
                    parameters: greater.parameters + equal.parameters + result.parameters)
            }
        }
        guard columns.count > 1, let first = columns.first, let value = position.first else { return result }
        let bound = comparison(first, ">=", value)
        return ODBCQuery(sql: "\(bound.sql) AND \(result.sql)", parameters: bound.parameters + result.parameters)
    }
}
