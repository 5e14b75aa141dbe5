import DESBase
import DESShard
import GRDB

/// A marked row as the spool keeps it.
struct SpooledRow: Sendable {
    let uid: String
    let time: Timestamp
    /// A hash of its location: rows equal in uid, time and location are one file.
    let place: Int64
}

/// A key of which there are not as many marked rows as files.
struct Difference: Sendable {
    let number: Int64
    let uid: String
    let time: Timestamp
    /// Marked rows with different locations.
    let rows: Int
    /// Files in shards, in which a uid is once at most.
    let entries: Int
    /// Two of the shards, or twice the same; nil without entries.
    let shards: (first: SpooledShard, last: SpooledShard)?
    /// Files of that uid and day without a time.
    let undated: Int
}

/// A shard that was listed.
struct SpooledShard: Sendable, Hashable {
    let number: Int64
    let key: String
    /// In seconds since 1970; nil if the store does not tell.
    let modifiedAt: Int64?
}

// What is kept of one day.
extension Spool {
    func beginDay() async throws {
        try await run { try $0.execute(sql: "DELETE FROM items; DELETE FROM undated; DELETE FROM differences") }
    }

    func add(_ rows: [SpooledRow]) async throws {
        try await run { database in
            let insert = try SpoolStatement(database, "INSERT INTO items VALUES (?1, ?2, 0, ?3)")
            for row in rows {
                try insert.bind(row.uid, at: 1)
                try insert.bind(row.time.microsecondsSinceEpoch, at: 2)
                try insert.bind(row.place, at: 3)
                try insert.run()
            }
        }
    }

    /// Keeps rows whose days are done already, or turned out to be.
    func addLate(_ rows: [SpooledRow]) async throws {
        try await run { database in
            let insert = try SpoolStatement(database, "INSERT INTO late VALUES (?1, ?2, ?3, ?4)")
            for row in rows {
                try insert.bind(row.time.dayNumber, at: 1)
                try insert.bind(row.uid, at: 2)
                try insert.bind(row.time.microsecondsSinceEpoch, at: 3)
                try insert.bind(row.place, at: 4)
                try insert.run()
            }
        }
    }

    /// The days of late rows after a day, the first one; nil if there is none.
    func lateDay(after day: Int64?) async throws -> Int64? {
        try await run { database in
            try database.execute(sql: "CREATE INDEX IF NOT EXISTS late_by_day ON late (day)")
            return try Int64.fetchOne(
                database, sql: "SELECT min(day) FROM late WHERE day > ?", arguments: [day ?? Int64.min])
        }
    }

    /// Makes the late rows of a day its rows.
    func takeLateRows(of day: Int64) async throws {
        try await run { database in
            try database.execute(
                sql: "INSERT INTO items SELECT uid, time, 0, place FROM late WHERE day = ?", arguments: [day])
        }
    }

    /// Finds the keys of which there are not as many rows as entries.
    ///
    /// - Parameter onlyRows: whether only those with too few entries count.
    func findDifferences(onlyRows: Bool) async throws {
        try await run { database in
            try database.execute(sql: "DELETE FROM differences")
            try database.execute(
                sql: """
                    INSERT INTO differences (uid, time, row_count, entry_count, first_shard, last_shard)
                    SELECT uid, time, count(DISTINCT CASE side WHEN 0 THEN place END) AS rows_found,
                        count(CASE side WHEN 1 THEN 1 END) AS entries_found,
                        min(CASE side WHEN 1 THEN place END), max(CASE side WHEN 1 THEN place END)
                    FROM items GROUP BY uid, time HAVING rows_found \(onlyRows ? ">" : "<>") entries_found
                    """)
        }
    }

    /// The next differences; empty at the end.
    func differences(after number: Int64, atMost count: Int) async throws -> [Difference] {
        try await run { database in
            let select = try SpoolStatement(
                database,
                """
                SELECT d.n, d.uid, d.time, d.row_count, d.entry_count, f.number, f.key, f.modified, l.number, l.key,
                    l.modified, (SELECT count(*) FROM undated AS u WHERE u.uid = d.uid)
                FROM differences AS d LEFT JOIN shards AS f ON f.number = d.first_shard
                    LEFT JOIN shards AS l ON l.number = d.last_shard
                WHERE d.n > ?1 ORDER BY d.n LIMIT ?2
                """)
            defer { select.reset() }
            try select.bind(number, at: 1)
            try select.bind(Int64(count), at: 2)
            var found: [Difference] = []
            while try select.step() {
                let shards = select.integer(5).flatMap { first in
                    select.integer(8).map { last in
                        (
                            first: SpooledShard(number: first, key: select.text(6), modifiedAt: select.integer(7)),
                            last: SpooledShard(number: last, key: select.text(9), modifiedAt: select.integer(10))
                        )
                    }
                }
                found.append(
                    Difference(
                        number: select.integer(0) ?? 0, uid: select.text(1),
                        time: Timestamp(microsecondsSinceEpoch: select.integer(2) ?? 0),
                        rows: Int(select.integer(3) ?? 0), entries: Int(select.integer(4) ?? 0), shards: shards,
                        undated: Int(select.integer(11) ?? 0)))
            }
            return found
        }
    }

    /// How many entries without a time have no marked row of their uid on the day.
    func undatedWithoutRow() async throws -> Int {
        try await run { database in
            guard try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM undated)") == true else { return 0 }
            return try Int.fetchOne(
                database,
                sql: """
                    SELECT count(*) FROM undated WHERE uid NOT IN (SELECT uid FROM items WHERE side = 0)
                    """) ?? 0
        }
    }
}
