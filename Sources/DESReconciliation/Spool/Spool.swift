import DESBase
import GRDB

/// A temporary database that holds what of one day is compared, and what has to be remembered of all days, so that memory is
/// the same for a day of any size.
///
/// SQLite keeps it, and what it sorts, in files without a name in the folder of `TMPDIR`, so that nothing is left of it however
/// the process ends.
final class Spool: Sendable {
    private let queue: DatabaseQueue

    /// Differences that are read at a time.
    static let pageSize = 1000

    /// Memory that the database may take for its pages, in KiB.
    private static let cacheSize = 32 << 10

    /// - Throws: `SpoolError`.
    static func make(on threads: ThreadPool) async throws -> Spool {
        try await threads.run {
            do { return try Spool() } catch { throw SpoolError(reason: "\(error)") }
        }
    }

    private init() throws {
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
                    PRAGMA temp_store = FILE; PRAGMA cache_size = -\(Self.cacheSize)
                    """)
        }
        queue = try DatabaseQueue(path: "", configuration: configuration)
        try queue.writeWithoutTransaction { try $0.execute(sql: Self.tables) }
    }

    /// Runs the body in one transaction, on a thread of the database's own.
    ///
    /// - Throws: `SpoolError`, or `CancellationError`.
    func run<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
        do {
            return try await queue.write(body)
        } catch let error as DatabaseError {
            if Task.isCancelled { throw CancellationError() }
            throw SpoolError(reason: "\(error)")
        }
    }

    /// - `items`: marked rows (side 0, place: a hash of the location) and entries with a time (side 1, place: the shard) of
    ///   the day.
    /// - `undated`: entries without a time of the day.
    /// - `differences`: keys of which there are not as many rows as entries.
    /// - `late`: rows that came after their day was done.
    /// - `shards`: all that were listed.
    /// - `big_files`: stored ones (side 0) and those that entries name (side 1), of all days.
    private static let tables = """
        CREATE TABLE items (uid BLOB NOT NULL, time INTEGER NOT NULL, side INTEGER NOT NULL, place INTEGER NOT NULL);
        CREATE TABLE undated (
            uid BLOB NOT NULL, shard INTEGER NOT NULL, PRIMARY KEY (uid, shard)) WITHOUT ROWID;
        CREATE TABLE differences (
            n INTEGER PRIMARY KEY, uid BLOB NOT NULL, time INTEGER NOT NULL, row_count INTEGER NOT NULL,
            entry_count INTEGER NOT NULL, first_shard INTEGER, last_shard INTEGER);
        CREATE TABLE late (day INTEGER NOT NULL, uid BLOB NOT NULL, time INTEGER NOT NULL, place INTEGER NOT NULL);
        CREATE TABLE shards (number INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, modified INTEGER);
        CREATE TABLE big_files (
            part INTEGER NOT NULL, hash BLOB NOT NULL, side INTEGER NOT NULL, size INTEGER NOT NULL, modified INTEGER,
            shard INTEGER, uid BLOB);
        CREATE TABLE big_differences (
            n INTEGER PRIMARY KEY, part INTEGER NOT NULL, hash BLOB NOT NULL, stored_count INTEGER NOT NULL,
            stored_size INTEGER, modified INTEGER, named_size INTEGER, entry INTEGER);
        """
}

/// The temporary database cannot be used.
struct SpoolError: Error, Sendable, CustomStringConvertible {
    let reason: String

    var description: String {
        "cannot use the temporary database: \(reason); nothing more was looked at. TMPDIR names a folder with more space"
    }
}
