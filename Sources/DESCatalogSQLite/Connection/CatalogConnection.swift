import DESBase
import DESCatalog
import FoundationEssentials
import GRDB
import GRDBSQLite
import Synchronization

/// One connection to the user's SQLite file, opened on first use and used on a thread of its own.
///
/// It changes nothing that outlives it: no journal mode, no schema; and it never creates the file. Where only reads are
/// meant it is opened for writing too, if the file can be written: only such a connection can roll back the transaction
/// that a killed process has left half done, and without that nobody could read.
///
/// Where the path leads to another file than the one that is open, or to none, somebody has replaced, restored or removed it:
/// no call works on the old one.
actor CatalogConnection {
    private let path: String
    private let busyTimeout: Duration
    private let onReplacement: Replacement
    /// What the file is, for messages, and the setting that names it.
    private let role: (name: String, setting: String)
    private let executor = DispatchQueueExecutor(label: "des.catalog.sqlite")
    private let activity = Activity()
    private var state = State.unopened

    private enum State {
        /// Becomes open on the first call that succeeds to open it, or closed.
        case unopened
        /// Becomes closed.
        case open(DatabaseQueue, CatalogFileIdentity)
        case closed
    }

    /// What happens when the file was replaced.
    enum Replacement {
        /// The call fails for a passing reason; the next one opens the file that is there.
        case reopen
        /// The call fails for good: what was read of the old file has no meaning for the new one.
        case fail
    }

    init(
        path: String, busyTimeout: Duration, role: (name: String, setting: String) = ("the catalog", "database.url"),
        onReplacement: Replacement = .reopen
    ) {
        self.onReplacement = onReplacement
        self.path = path
        self.busyTimeout = busyTimeout
        self.role = role
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Runs the body with the database, outside of a transaction.
    ///
    /// - Parameter what: what fails if it fails, as in "cannot count the pending rows".
    /// - Throws: ``CatalogError``, or `CancellationError` if the task is cancelled; a statement that runs is interrupted.
    nonisolated func run<Result: Sendable>(
        _ what: String, advice: String? = nil, _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await run(what, advice: advice, changes: false, body)
    }

    private nonisolated func run<Result: Sendable>(
        _ what: String, advice: String?, changes: Bool, _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        let call = Activity.Call()
        return try await withTaskCancellationHandler {
            try await perform(call, what, advice, changes: changes, body)
        } onCancel: {
            activity.interrupt(call)
        }
    }

    /// Runs the body in one transaction, which no other writer interrupts; if it throws, nothing is changed.
    nonisolated func transaction<Result: Sendable>(
        _ what: String, advice: String? = nil, _ body: @escaping @Sendable (Database) throws -> Result
    ) async throws -> Result {
        try await run(what, advice: advice, changes: true) { database in
            // A transaction that could be neither committed nor rolled back (an I/O error) must not swallow later changes.
            if database.isInsideTransaction { try database.rollback() }
            var result: Result?
            try database.inTransaction(.immediate) {
                result = try body(database)
                return .commit
            }
            // Without a result the transaction has thrown.
            guard let result else { throw CancellationError() }
            return result
        }
    }

    /// Closes the connection; what runs is awaited. Later calls throw.
    func close() {
        if case .open(let queue, _) = state {
            // All statements are reset, so that closing cannot fail for a reason that matters here; the connection is
            // released with the queue in any case.
            try? queue.close()
        }
        state = .closed
    }

    private func perform<Result: Sendable>(
        _ call: Activity.Call, _ what: String, _ advice: String?, changes: Bool,
        _ body: @Sendable (Database) throws -> Result
    ) throws -> Result {
        try Task.checkCancellation()
        do {
            try checkPlace(what)
            let queue = try opened()
            activity.begin(call, on: queue)
            defer { activity.end() }
            // A cancellation before this point had no statement to interrupt.
            try Task.checkCancellation()
            let result = try queue.writeWithoutTransaction(body)
            // What was changed in a file that is gone by now was not changed.
            if changes { try checkPlace(what) }
            return result
        } catch let error as CatalogError {
            throw error
        } catch {
            let failure = SQLiteFailure(error)
            if Task.isCancelled, failure == nil || failure?.isCausedByCancellation == true { throw CancellationError() }
            guard let failure else { throw error }
            throw failure.catalogError(what: what, place: path, advice: advice)
        }
    }

    /// - Throws: ``CatalogError`` if the path leads to another file than the one that is open.
    private func checkPlace(_ what: String) throws {
        guard case .open(let queue, let identity) = state, CatalogFileIdentity(path) != identity else { return }
        try? queue.close()
        state = .unopened
        let isThere = FileManager.default.fileExists(atPath: path)
        throw CatalogError(
            code: onReplacement == .reopen ? .replaced : .cannotOpen, what: what, place: path,
            reason: isThere
                ? "\(role.name) was replaced by another file since it was opened"
                : "\(role.name) was moved away or removed since it was opened",
            advice: onReplacement == .reopen
                ? "the file that is there now is opened; rows that are in it as they were are marked in it"
                : "nothing more is read of the old one; the next cycle reads the file that is there then")
    }

    private func opened() throws -> DatabaseQueue {
        switch state {
        case .open(let queue, _): return queue
        case .closed:
            throw CatalogError(
                code: .closed, what: "cannot use \(role.name)", place: path, reason: "it has been closed")
        case .unopened:
            try checkFile()
            var configuration = Configuration()
            // The user's triggers and views may rely on what is SQLite's default.
            configuration.foreignKeysEnabled = false
            configuration.acceptsDoubleQuotedStringLiterals = true
            // Else a rollback that fails would end the process.
            configuration.allowsUnsafeTransactions = true
            let wait = BusyWait(limit: busyTimeout)
            configuration.busyMode = .callback { wait.wait(attempt: $0) }
            configuration.prepareDatabase { database in
                try database.execute(sql: "PRAGMA temp_store = 1; PRAGMA cache_size = -16384")
                // Sources are deleted once a mark is committed: a commit must outlive a power failure.
                try database.execute(sql: "PRAGMA synchronous = EXTRA")
                try TimeFunction.register(on: database)
            }
            let queue: DatabaseQueue
            do {
                queue = try DatabaseQueue(path: path, configuration: configuration)
            } catch {
                guard let failure = SQLiteFailure(error) else { throw error }
                if Task.isCancelled, failure.isCausedByCancellation { throw CancellationError() }
                throw failure.catalogError(what: "cannot open \(role.name)", place: path, advice: nil)
            }
            state = .open(queue, try identity(of: queue))
            return queue
        }
    }

    /// What the path led to when it was opened.
    private func identity(of queue: DatabaseQueue) throws -> CatalogFileIdentity {
        let identity = CatalogFileIdentity(path)
        let hasMoved = queue.inDatabase { database in
            var hasMoved: CInt = 0
            sqlite3_file_control(database.sqliteConnection, "main", SQLITE_FCNTL_HAS_MOVED, &hasMoved)
            return hasMoved != 0
        }
        guard let identity, !hasMoved else {
            try? queue.close()
            throw CatalogError(
                code: .replaced, what: "cannot open \(role.name)", place: path,
                reason: "it was replaced or removed at the moment it was opened")
        }
        return identity
    }

    /// SQLite would create a missing file, and take an empty or missing one for a catalog without tables.
    private func checkFile() throws {
        var isDirectory = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
        guard !exists || isDirectory else { return }
        throw CatalogError(
            code: .cannotOpen, what: "cannot open \(role.name)", place: path,
            reason: isDirectory ? "it is a directory" : "there is no such file",
            advice: "check \(role.setting); nothing was created")
    }
}

/// Which call runs on a connection, so that a cancelled task interrupts its own statement and no other's.
private final class Activity: Sendable {
    final class Call: Sendable {}

    private let current = Mutex<(call: Call, queue: DatabaseQueue)?>(nil)

    func begin(_ call: Call, on queue: DatabaseQueue) {
        current.withLock { $0 = (call, queue) }
    }

    func end() {
        current.withLock { $0 = nil }
    }

    func interrupt(_ call: Call) {
        current.withLock { current in
            if let current, current.call === call { current.queue.interrupt() }
        }
    }
}

/// Which file a path leads to.
struct CatalogFileIdentity: Sendable, Hashable {
    private let device: UInt64
    private let inode: UInt64

    /// Nil if it leads to none, or cannot be followed.
    init?(_ path: String) {
        guard let status = try? FileSystem.status(path) else { return nil }
        device = status.identity.device
        inode = status.identity.inode
    }
}
