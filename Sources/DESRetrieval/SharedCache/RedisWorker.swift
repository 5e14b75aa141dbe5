import DESBase
import Glibc

/// One connection, opened when there is something to do, on a thread of its own.
actor RedisWorker {
    private let settings: RedisSettings
    private let number: Int
    private let executor: DedicatedThread
    private var session: RedisSession?

    init(_ settings: RedisSettings, number: Int, on thread: DedicatedThread) {
        self.settings = settings
        self.number = number
        executor = thread
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Does one job after the other until the desk is closed.
    func run(_ desk: SharedCacheDesk) async {
        ignoreBrokenPipes()
        while let job = await desk.next(for: number) {
            switch job {
            case .read(let read): desk.ended(read, look(for: read.key))
            case .keep(let keep): desk.ended(keep, self.keep(keep.value, keep.key))
            }
        }
        session = nil
    }

    private func look(for key: String) -> Result<[UInt8]?, RedisError> {
        perform { session throws(RedisError) in try session.value(of: key, largest: settings.largestValue) }
    }

    private func keep(_ value: [UInt8], _ key: String) -> RedisError? {
        let result = perform { session throws(RedisError) in
            try session.keep(value, key: key, lifetime: settings.lifetime)
        }
        if case .failure(let error) = result { return error }
        return nil
    }

    private func perform<Value>(_ body: (RedisSession) throws(RedisError) -> Value) -> Result<Value, RedisError> {
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
        let new = try RedisSession(settings)
        session = new
        return new
    }

    /// hiredis writes to sockets that the other side may have closed. Only this actor uses the thread.
    private func ignoreBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }
}
