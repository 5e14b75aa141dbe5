import ArgumentParser
import DESBase
import DESHTTPFront
import DESRetrieval
import DESRouting
import DESS3
import DESServer
import DESStorage
import DESTelemetry
import Glibc
import Logging
import ServiceLifecycle

/// Puts the parts of the retriever service together and runs them until a signal.
struct HTTPService: Sendable {
    let settings: ServiceSettings
    /// nil: none.
    let accessLog: AccessLog?
    let logger: Logger

    /// A service cannot keep its clients waiting for minutes, as a migration would; they try again themselves.
    private static let retry = S3RetryPolicy(
        firstDelay: .milliseconds(50), longestDelay: .seconds(2), deadline: .seconds(10), maximumAttempts: 3)
    private static func transfers(_ count: Int) -> HTTPSettings {
        HTTPSettings(requestsPerHost: max(1, count), connectTime: .seconds(3), stallTime: .seconds(5))
    }

    /// Runs the service.
    ///
    /// - Returns: how the program ends.
    /// - Throws: when it cannot begin: the address is taken, the certificate is of no use, the backend cannot be made.
    func run() async throws -> ExitCode {
        // Who reads the log may go away; the service goes on.
        signal(SIGPIPE, SIG_IGN)
        let health = HealthState()
        let gate = settings.keys.map { APIKeyGate(APIKeySet($0.content.keys), clock: .system()) }
        let server = try await server(health, gate)
        let signals = ServiceSignals(logger: logger)
        let watch = settings.keys.flatMap { keys in
            gate.map {
                APIKeyFileWatch(
                    keys.file, content: keys.content, gate: $0, thread: ThreadPool(name: "des-keys", count: 1),
                    logger: logger)
            }
        }
        // It tells itself what begins and ends. The server alone decides when its drain is over; the rest is ended with it.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [.init(service: server)], logger: logger.atLeast(.warning)))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                await signals.run {
                    health.enter(.draining)
                    await group.triggerGracefulShutdown()
                } onReload: {
                    await watch?.look(isForced: true)
                }
            }
            tasks.addTask { await watch?.run() }
            tasks.addTask {
                repeat { health.heartbeat() } while (try? await Task.sleep(for: .seconds(5))) != nil
            }
            defer { tasks.cancelAll() }
            try await group.run()
        }
        return signals.received.map { ExitStatus.stopped(by: $0) } ?? ExitStatus.fatal
    }

    private func server(_ health: HealthState, _ gate: APIKeyGate?) async throws -> FileServer {
        var configuration = settings.server
        var retrieverSettings = settings.retriever
        var isLocal = false
        if case .local = settings.backend { isLocal = true }
        let openFiles = ProcessLimits.raiseOpenFiles()
        guard
            let budget = OpenFileBudget(
                limit: openFiles, connections: configuration.limits.maximumConnections, isLocal: isLocal)
        else {
            logger.critical(
                "des-http needs at least \(OpenFileBudget.smallestLimit) open files and may have \(openFiles): raise the limit (ulimit -n, or LimitNOFILE of systemd); nothing was started"
            )
            throw ExitStatus.configuration
        }
        if budget.connections < configuration.limits.maximumConnections {
            logger.warning(
                "the limit of open files of this process (ulimit -n) allows fewer connections than DES_MAX_CONNECTIONS",
                metadata: ["connections": "\(budget.connections)"])
        }
        configuration.limits.maximumConnections = budget.connections
        retrieverSettings.cachedShards = budget.shards

        let registry = PrometheusRegistry()
        let backend = settings.backend.name
        let metrics = try RetrievalMetrics(registry: registry, backend: backend, logger: logger)
        let store = try await store(transfers: budget.transfers)
        retrieverSettings.bits = try await bits(of: store)
        let retriever = Retriever(
            store: store, settings: retrieverSettings,
            sharedCache: settings.redis.map { RedisIndexCache($0, observer: metrics) }, observer: metrics)
        try await checkBits(retriever)
        return FileServer(
            configuration, backend: backend, retriever: retriever, gate: gate ?? OpenGate(), registry: registry,
            health: health, accessLog: accessLog, logger: logger
        ) { _ in health.enter(.ready) }
    }

    /// The number of bits that the store was begun with, if it says so: with another one every file would be unknown.
    private func bits(of store: any ObjectStore) async throws -> ShardBits {
        let wanted = settings.retriever.bits
        let mark: StoreMark?
        do throws(StorageError) { mark = try await store.mark() } catch {
            logger.warning("the store cannot be read yet: \(error)")
            return wanted
        }
        guard let bits = mark?.bits.flatMap({ ShardBits($0) }), bits != wanted else { return wanted }
        if case .multiS3 = settings.backend {} else if !settings.hasBits { return bits }
        logger.critical(
            "DES_N_BITS is \(wanted.count), but \(store.name) was begun with \(bits.count), as its object \(StoreMark.key) says: leave the variable out, or write the right number; nothing was started"
        )
        throw ExitStatus.configuration
    }

    /// A service that would call every file unknown does not start; one whose store cannot be read yet does.
    private func checkBits(_ retriever: Retriever) async throws {
        do throws(RetrievalError) {
            guard let problem = try await retriever.bitsProblem() else { return }
            let text = "DES_N_BITS is to be the n_bits that the shards were written with: \(problem.message)"
            guard problem.concernsAll else {
                return logger.warning("some files will not be found; \(text)")
            }
            logger.critical("\(text)")
        } catch {
            return logger.warning("the store cannot be read yet: \(error)")
        }
        throw ExitStatus.configuration
    }

    private func store(transfers: Int) async throws -> any ObjectStore {
        switch settings.backend {
        case .local(let folder):
            let threads = ThreadPool(name: "des-store", count: max(8, 4 * ProcessLimits.processors))
            return DirectoryStore(root: folder, threads: threads, keepsNames: true)
        case .s3(let storage), .multiS3(let storage):
            // That a request is sent again is of no interest to who runs a service with thousands a second; that it failed is.
            return try await S3Access(logger: logger.atLeast(.notice)).store(
                storage, bits: settings.retriever.bits, staging: nil, retry: Self.retry, http: Self.transfers(transfers)
            )
        }
    }
}

extension Logger {
    /// The same one, but silent about what is less than that; unless it is asked for every detail.
    fileprivate func atLeast(_ level: Logger.Level) -> Logger {
        var quiet = self
        if logLevel > .debug { quiet.logLevel = max(level, logLevel) }
        return quiet
    }
}
