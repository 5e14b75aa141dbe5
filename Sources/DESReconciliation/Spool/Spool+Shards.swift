import DESBase
import DESShard
import DESStorage
import GRDB

/// What the index of a shard held.
struct SpooledIndex: Sendable {
    /// Entries that could be read.
    var entries = 0
    /// The first one that could not.
    var firstError: ShardError?
}

extension Spool {
    /// Notes a shard that was listed.
    ///
    /// - Returns: nil if it is known already.
    func addShard(_ object: ObjectAttributes) async throws -> SpooledShard? {
        try await run { database in
            let insert = try SpoolStatement(
                database, "INSERT OR IGNORE INTO shards (key, modified) VALUES (?1, ?2)")
            try insert.bind(object.key, at: 1)
            try insert.bind(object.modifiedAt, at: 2)
            try insert.run()
            guard database.changesCount > 0 else { return nil }
            return SpooledShard(
                number: database.lastInsertedRowID, key: object.key, modifiedAt: object.modifiedAt)
        }
    }

    /// A shard that was noted; nil if it was not.
    func shard(_ key: String) async throws -> SpooledShard? {
        try await run { database in
            let select = try SpoolStatement(database, "SELECT number, modified FROM shards WHERE key = ?1")
            defer { select.reset() }
            try select.bind(key, at: 1)
            guard try select.step(), let number = select.integer(0) else { return nil }
            return SpooledShard(number: number, key: key, modifiedAt: select.integer(1))
        }
    }

    /// Takes in the entries of a shard.
    ///
    /// - Parameters:
    ///   - part: the number of the part of the store in which its big files are; nil if they were noted before.
    ///   - keepsEntries: whether they are compared with the day's rows.
    func add(
        _ index: ShardIndex, of shard: SpooledShard, bigFilesIn part: Int?, keepsEntries: Bool = true
    ) async throws -> SpooledIndex {
        try await run { database in
            let insert = try SpoolStatement(database, "INSERT INTO items VALUES (?1, ?2, 1, ?3)")
            let undated = try SpoolStatement(database, "INSERT OR IGNORE INTO undated VALUES (?1, ?2)")
            let bigFile = try SpoolStatement(
                database, "INSERT INTO big_files (part, hash, side, size, shard, uid) VALUES (?1, ?2, 1, ?3, ?4, ?5)")
            var result = SpooledIndex()
            try index.forEachEntry { found in
                let entry: ShardEntry
                switch found {
                case .success(let readable): entry = readable
                case .failure(let error):
                    result.firstError = result.firstError ?? error
                    return
                }
                result.entries += 1
                if let part, case .bigFile(let hash, let size) = entry.content {
                    try bigFile.bind(Int64(part), at: 1)
                    try bigFile.bind(hash, at: 2)
                    try bigFile.bind(Int64(clamping: size), at: 3)
                    try bigFile.bind(shard.number, at: 4)
                    try bigFile.bind(entry.uid, at: 5)
                    try bigFile.run()
                }
                guard keepsEntries else { return }
                if let time = entry.meta.createdAt.flatMap({ Timestamp(parsing: $0) }) {
                    try insert.bind(entry.uid, at: 1)
                    try insert.bind(time.microsecondsSinceEpoch, at: 2)
                    try insert.bind(shard.number, at: 3)
                    try insert.run()
                } else {
                    try undated.bind(entry.uid, at: 1)
                    try undated.bind(shard.number, at: 2)
                    try undated.run()
                }
            }
            return result
        }
    }
}
