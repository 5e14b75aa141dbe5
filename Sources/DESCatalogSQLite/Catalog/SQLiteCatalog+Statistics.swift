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
                    hasUID: row.value(at: 0).uidText?.isEmpty == false,
                    hasLocation: row.value(at: 2).uidText?.isEmpty == false,
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
            var counts: [Int64: Int64] = [:]
            var undated: Int64 = 0
            let time = "ifnull(\(table.microseconds), \(Int64.min))"
            try database.rows(
                "SELECT \(time) FROM \(table.from) WHERE \(table.isWanted)"
            ) { row in
                let number = row.integer(at: 0)
                if number == Int64.min {
                    undated += 1
                } else if number < cutoff.microsecondsSinceEpoch {
                    counts[Timestamp(microsecondsSinceEpoch: number).dayNumber, default: 0] += 1
                }
                return true
            }
            let days = counts.sorted { $0.key < $1.key }.map { PendingDay(dayNumber: $0.key, rows: $0.value) }
            return undated == 0 ? days : days + [PendingDay(dayNumber: nil, rows: undated)]
        }
    }
}
