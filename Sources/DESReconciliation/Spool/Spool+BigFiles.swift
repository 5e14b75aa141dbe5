import DESStorage
import GRDB

/// A big file that is not both stored and named, or not with one size.
struct BigFileDifference: Sendable {
    let number: Int64
    /// The number of the part of the store.
    let part: Int
    let hash: String
    let isStored: Bool
    let storedSize: Int64?
    /// In seconds since 1970; nil if it is not stored, or the store does not tell.
    let modifiedAt: Int64?
    /// As one of the entries says; nil if none names it.
    let namedSize: Int64?
    /// Whether a shard of another part names it: it was published before the borders of zones were moved.
    let isNamedElsewhere: Bool
    /// One of the shards, and one of the entries.
    let shard: String
    let uid: String
}

extension Spool {
    /// Takes in stored big files.
    func addStored(_ objects: [(hash: String, attributes: ObjectAttributes)], part: Int) async throws {
        try await run { database in
            let insert = try SpoolStatement(
                database, "INSERT INTO big_files (part, hash, side, size, modified) VALUES (?1, ?2, 0, ?3, ?4)")
            for object in objects {
                try insert.bind(Int64(part), at: 1)
                try insert.bind(object.hash, at: 2)
                try insert.bind(Int64(clamping: object.attributes.size), at: 3)
                try insert.bind(object.attributes.modifiedAt, at: 4)
                try insert.run()
            }
        }
    }

    /// Finds the big files that are not stored, not named, or of another size than an entry says.
    func findBigFileDifferences() async throws {
        try await run { database in
            try database.execute(sql: "DELETE FROM big_differences")
            try database.execute(
                sql: """
                    INSERT INTO big_differences (part, hash, stored_count, stored_size, modified, named_size, entry)
                    SELECT part, hash, count(CASE side WHEN 0 THEN 1 END) AS stored,
                        max(CASE side WHEN 0 THEN size END) AS stored_size, max(modified),
                        max(CASE side WHEN 1 THEN size END) AS named_size, max(CASE side WHEN 1 THEN rowid END)
                    FROM big_files GROUP BY part, hash
                    HAVING stored = 0 OR named_size IS NULL OR stored_size <> named_size
                        OR stored_size <> min(CASE side WHEN 1 THEN size END)
                    """)
        }
    }

    /// The next differences; empty at the end.
    func bigFileDifferences(after number: Int64, atMost count: Int) async throws -> [BigFileDifference] {
        try await run { database in
            let select = try SpoolStatement(
                database,
                """
                SELECT d.n, d.part, d.hash, d.stored_count, d.stored_size, d.modified, d.named_size, s.key, e.uid,
                    EXISTS (
                        SELECT 1 FROM big_files AS o
                        WHERE o.part IN (SELECT DISTINCT part FROM big_files) AND o.hash = d.hash AND o.side = 1)
                FROM big_differences AS d LEFT JOIN big_files AS e ON e.rowid = d.entry
                    LEFT JOIN shards AS s ON s.number = e.shard
                WHERE d.n > ?1 ORDER BY d.n LIMIT ?2
                """)
            defer { select.reset() }
            try select.bind(number, at: 1)
            try select.bind(Int64(count), at: 2)
            var found: [BigFileDifference] = []
            while try select.step() {
                found.append(
                    BigFileDifference(
                        number: select.integer(0) ?? 0, part: Int(select.integer(1) ?? 0), hash: select.text(2),
                        isStored: select.integer(3) ?? 0 > 0, storedSize: select.integer(4),
                        modifiedAt: select.integer(5), namedSize: select.integer(6),
                        isNamedElsewhere: select.integer(6) == nil && select.integer(9) ?? 0 > 0, shard: select.text(7),
                        uid: select.text(8)))
            }
            return found
        }
    }
}
