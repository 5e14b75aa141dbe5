package import DESBase
package import DESCatalog
import GRDB

extension SQLiteCatalog {
    package func statistics(olderThan cutoff: Timestamp) async throws -> CatalogStatistics {
        let table = try await table()
        return try await reader.run("cannot count the pending rows of table \"\(schema.table)\"") { database in
            var statistics = CatalogStatistics(hasSizes: table.size != nil)
            let columns = [table.uid.sql, table.microseconds, table.location.sql, table.size?.sql ?? "NULL"]
            try database.rows(
                "SELECT \(columns.joined(separator: ", ")) FROM \(table.from) WHERE \(table.isWanted)"
            ) { row in
                statistics.count(
                    time: row.isNull(at: 1) ? nil : Timestamp(microsecondsSinceEpoch: row.integer(at: 1)),
                    cutoff: cutoff,
                    hasUID: row.value(at: 0).hasText, hasLocation: row.value(at: 2).hasText,
                    size: row.value(at: 3).integerValue)
                return true
            }
            return statistics
        }
    }

    /// One pass that sorts nothing: the days are counted here, and are few.
    package func pendingDays(olderThan cutoff: Timestamp) async throws -> [PendingDay] {
        let table = try await table()
        return try await reader.run("cannot count the pending rows of table \"\(schema.table)\" by day") { database in
            var counts = PendingDayCounts()
            try database.rows("SELECT \(table.microseconds) FROM \(table.from) WHERE \(table.isWanted)") { row in
                counts.count(
                    row.isNull(at: 0) ? nil : Timestamp(microsecondsSinceEpoch: row.integer(at: 0)), cutoff: cutoff)
                return true
            }
            return counts.days
        }
    }
}
