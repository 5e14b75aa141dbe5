import DESBase
import DESCatalog
import DESODBC

/// The statements that count pending rows, for a table that the database can count itself.
struct ODBCStatisticsStatements: Sendable {
    let table: ODBCTable

    /// Whether the database sees in each value what ``CatalogValue`` would see: times, texts and sizes of plain types.
    var countsInDatabase: Bool {
        guard table.createdAt.isTime, table.dialect.product != .sqlite else { return false }
        if case .bytes = table.uid.type { return false }
        if case .bytes = table.location.type { return false }
        if case .real = table.uid.type { return false }
        if case .real = table.location.type { return false }
        switch table.size?.type {
        case nil, .integer, .boolean, .decimal(scale: 0): return true
        default: return false
        }
    }

    /// One row of the eleven numbers of ``CatalogStatistics``. Nil for a cutoff behind all times.
    func statistics(cutoff: String?) -> ODBCQuery {
        let (time, dialect) = (table.sql(table.createdAt), table.dialect)
        var parameters: [ODBCParameter] = []
        let hasNoTime = self.hasNoTime
        func due() -> String {
            guard let cutoff else { return "1 = 1" }
            parameters.append(ODBCParameter(.text(isWide: false), .text(cutoff)))
            return "\(time) < \(dialect.parameter(for: table.createdAt))"
        }
        func sum(_ conditions: [String], of value: String = "1") -> String {
            "SUM(CASE WHEN \(conditions.joined(separator: " AND ")) THEN \(value) ELSE 0 END)"
        }
        let hasTime = "NOT \(hasNoTime)"
        let noUID = isEmpty(table.uid)
        let noLocation = isEmpty(table.location)
        // The rows that a migration would fetch: those before the cutoff, and those without a time.
        func fetched() -> String { "(\(hasNoTime) OR \(due()))" }
        var columns = [sum([hasTime, due()])]
        for function in ["MIN", "MAX"] {
            columns.append(
                "\(function)(CASE WHEN \(hasTime) AND \(due()) THEN \(dialect.selected(table.createdAt)) END)")
        }
        columns.append(sum([fetched(), "(\(hasNoTime) OR \(noUID) OR \(noLocation))"]))
        columns.append(sum([fetched(), noUID]))
        columns.append(sum([hasNoTime]))
        columns.append(sum([fetched(), noLocation]))
        columns.append(cutoff == nil ? "0" : sum([hasTime, "NOT (\(due()))"]))
        if let size = table.size {
            let name = table.sql(size)
            let wide = dialect.product == .sqlServer ? "CAST(\(name) AS decimal(38, 0))" : name
            columns.append(sum([hasTime, due(), "\(name) >= 0"], of: wide))
            columns.append(sum([hasTime, due(), "(\(name) IS NULL OR \(name) < 0)"]))
        }
        return ODBCQuery(
            sql:
                "SELECT \(columns.joined(separator: ", ")) FROM \(table.qualifiedName) WHERE \(table.isPendingAndWanted)",
            parameters: parameters)
    }

    /// The rows of a statistics statement: uid, time, location, size.
    var values: ODBCQuery {
        let columns = [table.uid, table.createdAt, table.location] + (table.size.map { [$0] } ?? [])
        return ODBCQuery(
            sql: """
                SELECT \(columns.map(table.dialect.selected).joined(separator: ", ")) \
                FROM \(table.qualifiedName) WHERE \(table.isPendingAndWanted)
                """)
    }

    /// Days since 1970 and their pending rows; NULL for those without a time. Nil for a cutoff behind all times.
    func days(cutoff: String?) -> ODBCQuery {
        let day = "CASE WHEN \(hasNoTime) THEN NULL ELSE \(dayNumber) END"
        var condition = table.isPendingAndWanted
        var parameters: [ODBCParameter] = []
        if let cutoff {
            let mark = table.dialect.parameter(for: table.createdAt)
            condition += " AND (\(hasNoTime) OR \(table.sql(table.createdAt)) < \(mark))"
            parameters.append(ODBCParameter(.text(isWide: false), .text(cutoff)))
        }
        return ODBCQuery(
            sql: """
                SELECT \(day), COUNT(*) FROM \(table.qualifiedName) WHERE \(condition) GROUP BY \(day)
                """, parameters: parameters)
    }

    private var hasNoTime: String {
        let time = table.sql(table.createdAt)
        guard table.dialect.product == .mysql else { return "(\(time) IS NULL)" }
        return table.hasNoDate
    }

    private var dayNumber: String {
        let time = table.dialect.selected(table.createdAt)
        return switch table.dialect.product {
        case .mysql: "DATEDIFF(\(time), '1970-01-01')"
        case .sqlServer: "DATEDIFF(day, '19700101', \(time))"
        case .oracle: "TRUNC(CAST(\(time) AS DATE)) - DATE '1970-01-01'"
        case .postgresql, .sqlite, .other: "(CAST(\(time) AS date) - DATE '1970-01-01')"
        }
    }

    private func isEmpty(_ column: ODBCColumn) -> String {
        let name = table.sql(column)
        guard case .text = column.type, table.dialect.product != .oracle else { return "\(name) IS NULL" }
        // Blanks at the end do not count in a comparison, but they are a text.
        let length =
            switch table.dialect.product {
            case .sqlServer: "DATALENGTH(\(name))"
            default: "CHAR_LENGTH(\(name))"
            }
        return "(\(name) IS NULL OR \(length) = 0)"
    }
}
