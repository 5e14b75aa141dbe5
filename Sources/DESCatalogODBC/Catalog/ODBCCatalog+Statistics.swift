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
            try session.forEachRow(of: statements.values) { (row) throws(ODBCError) in
                let uid = CatalogValue(try row.value(0))
                let time = CatalogValue(try row.value(1))
                let location = CatalogValue(try row.value(2))
                statistics.count(
                    time: time.timestamp, cutoff: cutoff, hasUID: uid.hasText, hasLocation: location.hasText,
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
            var counts = PendingDayCounts()
            if isCounted {
                let query = statements.days(cutoff: table.dialect.roundedUp(cutoff, for: table.createdAt))
                try session.forEachRow(of: query) { (row) throws(ODBCError) in
                    counts.add(try row.value(1).integer ?? 0, on: try row.value(0).integer)
                }
            } else {
                try session.forEachRow(of: statements.values) { (row) throws(ODBCError) in
                    counts.count(CatalogValue(try row.value(1)).timestamp, cutoff: cutoff)
                }
            }
            return counts.days
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
        self.init(hasSizes: hasSizes) { index in
            index < row.count ? row[index].integer ?? Self.clamped(row[index]) : 0
        } time: { index in
            index < row.count ? CatalogValue(row[index]).timestamp : nil
        }
    }

    /// A sum that 64 bits cannot hold, or one with a decimal point.
    private static func clamped(_ value: ODBCValue) -> Int64 {
        guard case .text(let text) = value else { return 0 }
        let whole = text.prefix { $0 != "." }
        return Int64(whole) ?? (whole.count > 18 ? Int64.max : 0)
    }
}
