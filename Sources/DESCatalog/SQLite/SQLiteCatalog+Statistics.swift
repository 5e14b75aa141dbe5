package import DESRouting
import GRDB

extension SQLiteCatalog {
    package func statistics(olderThan cutoff: Timestamp) async throws -> CatalogStatistics {
        let table = try await table()
        return try await reader.run("cannot count the pending rows of table \"\(schema.table)\"") { database in
            var statistics = CatalogStatistics(hasSizes: table.size != nil)
            let columns = [table.uid.sql, table.microseconds, table.location.sql, table.size?.sql ?? "NULL"]
            try database.rows(
                "SELECT \(columns.joined(separator: ", ")) FROM \(table.from) WHERE \(table.isPending)"
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
}
