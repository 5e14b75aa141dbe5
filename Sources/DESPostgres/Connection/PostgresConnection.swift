package import DESBase

/// One connection to a PostgreSQL server, opened on first use and used on a thread of its own.
///
/// A connection that broke is opened again by the next call, so that a restart of the server between two calls is not
/// noticed; a transaction never spans two calls.
package actor PostgresConnection {
    private let settings: PostgresSettings
    private let executor: DedicatedThread
    private let wakeUp = WakeUp()
    private var openings = 0
    private var state = State.unopened

    private enum State {
        /// Becomes open on the first call that succeeds to open it, or closed.
        case unopened
        /// Becomes unopened when it breaks, or closed.
        case open(PostgresSession)
        case closed
    }

    package init(_ settings: PostgresSettings, threads: ThreadFactory = .system) {
        self.settings = settings
        executor = threads.thread(settings.applicationName)
    }

    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        executor.asUnownedSerialExecutor()
    }

    /// Where it leads to, for messages: host, database and user.
    package nonisolated var place: String { settings.place }

    /// Runs the body on the connection's thread. A transaction that it leaves open is rolled back.
    ///
    /// - Parameters:
    ///   - what: what fails if it fails, as in "cannot count the pending rows".
    ///   - advice: for the error, in place of the usual one.
    /// - Throws: ``PostgresError`` with `what`, `CancellationError` if the task is cancelled (a statement that runs is
    ///   interrupted), and what else the body throws.
    package nonisolated func run<Result: Sendable>(
        _ what: String, advice: String? = nil, _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        try await withTaskCancellationHandler {
            try await perform(what, advice, body)
        } onCancel: {
            wakeUp.signal()
        }
    }

    /// Closes the connection; what runs is awaited. Later calls throw.
    package func close() {
        state = .closed
    }

    private func perform<Result: Sendable>(
        _ what: String, _ advice: String?, _ body: @Sendable (PostgresSession) throws -> Result
    ) throws -> Result {
        try Task.checkCancellation()
        do {
            let session = try opened()
            defer {
                session.rollBackOrphan()
                if session.isBroken, case .open = state { state = .unopened }
            }
            return try body(session)
        } catch var error as PostgresError {
            if error.what.isEmpty { error.what = what }
            if error.place.isEmpty { error.place = place }
            if let advice { error.advice = advice }
            throw error
        }
    }

    private func opened() throws -> PostgresSession {
        // What the server ended between two calls is not worth an error.
        if case .open(let session) = state, session.isLost() { state = .unopened }
        switch state {
        case .open(let session): return session
        case .closed:
            throw PostgresError(code: .closed, message: "the connection has been closed", place: place)
        case .unopened:
            let session = try SessionOpening(settings: settings, wakeUp: wakeUp).session(number: openings + 1)
            openings += 1
            state = .open(session)
            return session
        }
    }
}
