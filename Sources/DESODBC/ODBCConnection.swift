package import DESBase
import Synchronization

/// How a connection behaves.
package struct ODBCConnectionSettings: Sendable, Hashable {
    /// How long connecting may take.
    package var loginTimeout: Duration
    /// How long a statement may run, where the driver knows how to limit it; nil if it may run for ever.
    package var statementTimeout: Duration?
    /// After this time without use a connection is tried before it is used again: servers end idle ones.
    package var idleBeforeTrial: Duration

    package init(
        loginTimeout: Duration = .seconds(15), statementTimeout: Duration? = nil,
        idleBeforeTrial: Duration = .seconds(5)
    ) {
        self.loginTimeout = loginTimeout
        self.statementTimeout = statementTimeout
        self.idleBeforeTrial = idleBeforeTrial
    }
}

/// A connection through an ODBC driver, opened on first use, opened again after it broke, and used on a thread of its own.
package actor ODBCConnection {
    /// The connection was closed before.
    package struct Closed: Error {}

    private let source: @Sendable () throws -> ODBCConnectionString
    private let settings: ODBCConnectionSettings
    private let prepareSession: @Sendable (ODBCSession) throws(ODBCError) -> Void
    private let threads: ThreadFactory
    private let thread: DedicatedThread
    private let canceller = Mutex<ThreadPool?>(nil)
    private let activity = ODBCActivity()
    private var session: ODBCSession?
    private var lastUse = ContinuousClock.now
    private var generation = 0
    private var isClosed = false

    /// - Parameters:
    ///   - source: gives the connection string; called on the connection's thread each time that it is opened.
    ///   - prepareSession: makes the settings of a new session.
    package init(
        settings: ODBCConnectionSettings = ODBCConnectionSettings(),
        source: @escaping @Sendable () throws -> ODBCConnectionString,
        threads: ThreadFactory = .system,
        prepareSession: @escaping @Sendable (ODBCSession) throws(ODBCError) -> Void = { _ in }
    ) {
        self.source = source
        self.settings = settings
        self.prepareSession = prepareSession
        self.threads = threads
        thread = threads.thread("des-odbc")
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Runs the body with the open session, outside of a transaction.
    ///
    /// - Throws: what the body throws, ``ODBCError`` if the connection cannot be opened, ``Closed``, or
    ///   `CancellationError` if the task is cancelled; a statement that runs is cancelled.
    package nonisolated func run<Result: Sendable>(
        _ body: @escaping @Sendable (ODBCSession) throws -> Result
    ) async throws -> Result {
        let call = ODBCActivity.Call()
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            group.addTask { try await self.perform(call, body) }
            group.addTask {
                await Cancellation().wait()
                // The end of the call cancels this task too.
                if self.activity.isRunning(call) {
                    try await self.cancellerThread().run { self.activity.cancel(call) }
                }
                return nil
            }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw CancellationError()
        }
    }

    /// Prepares statements anew from now on, for tables that may have changed; what runs is awaited.
    package func forgetStatements() { session?.forgetStatements() }

    /// Closes the connection; what runs is awaited. Later calls throw ``Closed``.
    package func close() {
        isClosed = true
        session = nil
    }

    private func perform<Result>(
        _ call: ODBCActivity.Call, _ body: @Sendable (ODBCSession) throws -> Result
    ) throws -> Result {
        try Task.checkCancellation()
        activity.run(call)
        defer {
            activity.run(nil)
            lastUse = .now
            if session?.isBroken == true { session = nil }
        }
        do {
            return try body(opened())
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw error
        }
    }

    private func opened() throws -> ODBCSession {
        guard !isClosed else { throw Closed() }
        if let session {
            if ContinuousClock.now - lastUse < settings.idleBeforeTrial || session.answers() { return session }
            self.session = nil
        }
        generation += 1
        let opened = try ODBCSession(
            connecting: try source(), settings: settings, activity: activity, generation: generation)
        try prepareSession(opened)
        session = opened
        return opened
    }

    private nonisolated func cancellerThread() -> ThreadPool {
        canceller.withLock { pool in
            if let pool { return pool }
            let started = threads.pool("des-odbc-cancel", count: 1)
            pool = started
            return started
        }
    }
}

/// Waits until its task is cancelled.
private final class Cancellation: Sendable {
    private enum State {
        case waiting
        case suspended(CheckedContinuation<Void, Never>)
        case cancelled
    }

    private let state = Mutex(State.waiting)

    func wait() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isCancelled = state.withLock { state in
                    if case .cancelled = state { return true }
                    state = .suspended(continuation)
                    return false
                }
                if isCancelled { continuation.resume() }
            }
        } onCancel: {
            let waiting: CheckedContinuation<Void, Never>? = state.withLock { state in
                defer { state = .cancelled }
                if case .suspended(let continuation) = state { return continuation }
                return nil
            }
            waiting?.resume()
        }
    }
}
