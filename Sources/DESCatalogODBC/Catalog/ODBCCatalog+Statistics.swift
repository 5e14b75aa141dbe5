package import DESBase
package import DESCatalog
import DESODBC

extension ODBCCatalog {
    /// One pass with aggregates in the database, where it understands the columns; else one pass over the values.
    package func statistics(olderThan cutoff: Timestamp) async throws -> CatalogStatistics {
        let table = try await table()
        let statements = ODBCStatisticsStatements(table: table)
        return try await reader.run(
            "cannot count the pending rows of table \"\(schema.table)\"", advice: timeoutAdvice(table)
        ) { session in
            if statements.countsInDatabase {
                let query = statements.statistics(cutoff: table.dialect.roundedUp(cutoff, for: table.createdAt))
                let row = try session.execute(query.sql, query.parameters).first ?? []
                return CatalogStatistics(counted: row, hasSizes: table.size != nil)
            }
            var statistics = CatalogStatistics(hasSizes: table.size != nil)
            let statement = try session.statement(statements.values.sql)
            try statement.execute()
            try statement.forEachRow { (row) throws(ODBCError) in
                let uid = CatalogValue(try row.value(0))
                let time = CatalogValue(try row.value(1))
                let location = CatalogValue(try row.value(2))
                statistics.count(
                    time: time.timestamp, cutoff: cutoff, hasUID: uid.uidText?.isEmpty == false,
                    hasLocation: location.uidText?.isEmpty == false,
                    size: row.count > 3 ? CatalogValue(try row.value(3)).integerValue : nil)
            }
            return statistics
        }
    }

    package func pendingDays(olderThan cutoff: Timestamp) async throws -> [PendingDay] {
        let table = try await table()
        let statements = ODBCStatisticsStatements(table: table)
        let isCounted = table.createdAt.isTime && table.dialect.product != .sqlite
        return try await reader.run(
            "cannot count the pending rows of table \"\(schema.table)\" by day", advice: timeoutAdvice(table)
        ) { session in
            var days: [Int64: Int64] = [:]
            var undated: Int64 = 0
            if isCounted {
                let query = statements.days(cutoff: table.dialect.roundedUp(cutoff, for: table.createdAt))
                let statement = try session.statement(query.sql)
                try statement.execute(query.parameters)
                try statement.forEachRow { (row) throws(ODBCError) in
                    let day = try row.value(0).integer
                    let rows = try row.value(1).integer ?? 0
                    if let day { days[day, default: 0] += rows } else { undated += rows }
                }
            } else {
                let statement = try session.statement(statements.values.sql)
                try statement.execute()
                try statement.forEachRow { (row) throws(ODBCError) in
                    guard let time = CatalogValue(try row.value(1)).timestamp else {
                        undated += 1
                        return
                    }
                    if time < cutoff { days[time.dayNumber, default: 0] += 1 }
                }
            }
            let sorted = days.sorted { $0.key < $1.key }.map { PendingDay(dayNumber: $0.key, rows: $0.value) }
            return undated == 0 ? sorted : sorted + [PendingDay(dayNumber: nil, rows: undated)]
        }
    }

    private func timeoutAdvice(_ table: ODBCTable) -> @Sendable (ODBCError.Kind) -> String? {
        let columns = ([table.archived, table.createdAt].compactMap { $0 } + [table.uid]).map(table.sql)
        let index = """
            CREATE INDEX \(table.dialect.quoted("des_statistics")) ON \(table.qualifiedName) \
            (\(columns.joined(separator: ", ")))
            """
        return { $0 == .timedOut || $0 == .cancelled ? "an index makes it faster: \(index)" : nil }
    }
}

extension CatalogStatistics {
    /// The row of ``ODBCStatisticsStatements/statistics(cutoff:)``; sums over no row are NULL.
    fileprivate init(counted row: [ODBCValue], hasSizes: Bool) {
        self.init(hasSizes: hasSizes)
        func number(_ index: Int) -> Int64 { index < row.count ? row[index].integer ?? Self.clamped(row[index]) : 0 }
        totalFiles = number(0)
        oldest = row.count > 1 ? CatalogValue(row[1]).timestamp : nil
        newest = row.count > 2 ? CatalogValue(row[2]).timestamp : nil
        rowsWithUnusableKey = number(3)
        rowsWithoutUID = number(4)
        rowsWithoutTime = number(5)
        rowsWithoutLocation = number(6)
        rowsAfterCutoff = number(7)
        if hasSizes {
            totalSizeInBytes = number(8)
            rowsWithoutSize = number(9)
        }
    }

    /// A sum that 64 bits cannot hold, or one with a decimal point.
    private static func clamped(_ value: ODBCValue) -> Int64 {
        guard case .text(let text) = value else { return 0 }
        let whole = text.prefix { $0 != "." }
        return Int64(whole) ?? (whole.count > 18 ? Int64.max : 0)
    }
}
