import DESBase
package import DESCatalog
import GRDB
import GRDBSQLite
import Synchronization

extension SQLiteCatalog {
    package func findings() async throws -> CatalogFindings {
        let table = try await table()
        guard let archived = table.archived else { return CatalogFindings() }
        let isFirst = !hasLookedAtMarks.exchange(true, ordering: .relaxed)
        guard isFirst else { return CatalogFindings() }
        let counts = try await reader.run("cannot look at the marks of table \"\(schema.table)\"") { database in
            var counts: [(value: String, rows: Int64)] = []
            let mark = archived.sql(in: "t")
            try database.within(DoneMark.timeLimit) {
                try database.rows(
                    """
                    SELECT m, count(*) FROM (SELECT \(mark) AS m FROM \(table.from) WHERE (\(table.isPending)) IS NULL \
                    AND NOT (\(mark) = 1 OR lower(trim(\(mark))) IN (\(SQLText.list(DoneMark.texts))) \
                    OR ifnull(\(TimeFunction.name)(\(mark)), 0) > 100000000000000 OR CAST(\(mark) AS TEXT) LIKE '____-__-__%') \
                    LIMIT \(DoneMark.countLimit)) GROUP BY m ORDER BY count(*) DESC LIMIT 100
                    """
                ) { row in
                    counts.append((row.value(at: 0, limit: 1000).uidText ?? "bytes", row.integer(at: 1)))
                    return true
                }
            }
            return counts
        }
        return CatalogFindings(otherMarks: DoneMark.warning(archived.name, counts: counts))
    }
}

extension Database {
    /// Runs the body, and gives up its statement after that time, as if it had found nothing more.
    func within(_ limit: Duration, _ body: () throws -> Void) throws {
        let deadline = Deadline(.now + limit)
        // About every millisecond.
        sqlite3_progress_handler(
            sqliteConnection, 20_000,
            { context in
                guard let context else { return 0 }
                return Unmanaged<Deadline>.fromOpaque(context).takeUnretainedValue().moment < .now ? 1 : 0
            }, Unmanaged.passUnretained(deadline).toOpaque())
        defer {
            sqlite3_progress_handler(sqliteConnection, 0, nil, nil)
            withExtendedLifetime(deadline) {}
        }
        do {
            try body()
        } catch let failure as SQLiteFailure where failure.code & 0xFF == SQLITE_INTERRUPT && !Task.isCancelled {
            // Nothing was found in that time.
        }
    }
}

private final class Deadline {
    let moment: ContinuousClock.Instant

    init(_ moment: ContinuousClock.Instant) { self.moment = moment }
}
