import DESBase
import Glibc

/// One connection, opened when there is something to do, on a thread of its own.
actor RedisWorker {
    private let settings: RedisSettings
    private let executor: DedicatedThread
    private var session: RedisSession?

    init(_ settings: RedisSettings, on thread: DedicatedThread) {
        self.settings = settings
        executor = thread
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Does something with the connection, when what came before is done.
    ///
    /// - Parameter isWanted: asked then; nil is returned if it says no.
    func perform<Value>(
        if isWanted: @Sendable () -> Bool, _ body: @Sendable (RedisSession) throws(RedisError) -> Value
    ) -> Result<Value, RedisError>? {
        guard isWanted() else { return nil }
        // What the server ended between two calls is not worth a failure.
        if session?.isLost() == true { session = nil }
        do throws(RedisError) {
            return .success(try body(try opened()))
        } catch {
            // A refusal may pass with a new connection: another password, another primary.
            if error.kind != .foreignValue { session = nil }
            return .failure(error)
        }
    }

    private func opened() throws(RedisError) -> RedisSession {
        if let session { return session }
        // hiredis writes to sockets that the other side may have closed. Only this actor uses the thread.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        let new = try RedisSession(settings)
        session = new
        return new
    }
}
