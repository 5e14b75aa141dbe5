package import DESBase
package import DESCatalog
import DESPostgres

extension PostgresCatalog {
    /// Counts in the database, in one pass, unless the time or the size is of a type that only ``CatalogValue`` can read.
    package func statistics(olderThan cutoff: Timestamp) async throws -> CatalogStatistics {
        let table = try await table()
        let limit = limits.fullPass
        return try await reader.use(
            "cannot count the pending rows of table \"\(schema.table)\"", advice: slowAdvice(table)
        ) { session in
            if let sql = PostgresStatisticsSQL(of: table, cutoff: cutoff) {
                return try session.withStatementTimeout(limit) { try sql.statistics(in: session) }
            }
            var statistics = CatalogStatistics(hasSizes: table.size != nil)
            try Self.readAll(table, within: limit, in: session) { row in
                statistics.count(
                    time: row.key.createdAt.timestamp, cutoff: cutoff, hasUID: row.key.uid.hasText,
                    hasLocation: row.key.location.hasText, size: row.size.integerValue)
            }
            return statistics
        }
    }

    /// Counts in the database where the column holds times, else by reading the rows.
    package func pendingDays(olderThan cutoff: Timestamp) async throws -> [PendingDay] {
        let table = try await table()
        let limit = limits.fullPass
        let what = "cannot count the pending rows of table \"\(schema.table)\" by day"
        return try await reader.use(what, advice: slowAdvice(table)) { session in
            guard table.createdAt.isTime else {
                var counts = PendingDayCounts()
                try Self.readAll(table, within: limit, in: session) { row in
                    counts.count(row.key.createdAt.timestamp, cutoff: cutoff)
                }
                return counts.days
            }
            let utc = table.createdAt.kind == .timestamptz ? " AT TIME ZONE 'UTC'" : ""
            let day = "(\(table.createdAt.sql)\(utc))::date - '1970-01-01'::date"
            let range = table.isInRange(PendingRange(before: cutoff))
            let rows = try session.withStatementTimeout(limit) {
                try session.query(
                    """
                    SELECT CASE WHEN \(range) THEN \(day) END AS des_day, count(*) FROM \(table.qualifiedName) \
                    WHERE (\(range) OR \(table.isUndated)) AND \(table.isPendingAndWanted) \
                    GROUP BY des_day ORDER BY des_day NULLS LAST
                    """)
            }
            return (0..<rows.rowCount).map { row in
                PendingDay(dayNumber: rows.integer(row, 0), rows: rows.integer(row, 1) ?? 0)
            }
        }
    }

    /// What helps if it takes too long.
    private func slowAdvice(_ table: PostgresTable) -> String {
        let limit = "a pass over the table may take \(limits.fullPass.components.seconds) s"
        switch table.kind {
        case .table, .partitioned, .materializedView:
            return "\(limit); this index makes it short: \(table.pagingIndex);"
        case .view, .foreign: return "\(limit); an index on the archived column of the table behind it makes it short"
        }
    }

    /// Hands all pending rows to the body, from a cursor.
    private static func readAll(
        _ table: PostgresTable, within limit: Duration, in session: PostgresSession, _ body: (CatalogRow) -> Void
    ) throws {
        try session.withStatementTimeout(limit) {
            try session.transaction("READ ONLY") {
                try session.execute(
                    """
                    DECLARE des_statistics NO SCROLL CURSOR FOR \
                    SELECT \(table.selected) FROM \(table.qualifiedName) WHERE \(table.isPendingAndWanted)
                    """)
                while case let rows = try session.query("FETCH FORWARD 10000 FROM des_statistics"), rows.rowCount > 0 {
                    for row in 0..<rows.rowCount { body(table.row(rows, row)) }
                }
            }
        }
    }
}
