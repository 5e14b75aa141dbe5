import ArgumentParser
import CoreMetrics
import DESBase
import DESCatalog
import DESMigration
import DESServer
import DESTelemetry
import Glibc
import Logging

/// Runs cycles with everything around them: signals, progress, metrics, health and results.
struct MigrationRun: Sendable {
    let migrator: Migrator
    let catalog: any SourceCatalog
    let settings: MigrationSettings
    let console: ConsoleSink
    let logger: Logger
    let metrics: MigrationMetrics
    let health: HealthState
    let signals: StopSignals
    /// Serves metrics and probes while cycles run; nil if that is not configured.
    let server: MetricsListener?
    /// Nil: one cycle.
    let interval: Duration?
    let printsJSON: Bool
    /// Whether progress goes to standard output, as lines of JSON.
    let printsProgress: Bool
    /// Whether the pending files are counted at the start of a cycle.
    var countsPending = true

    /// - Returns: how the program ends.
    func run() async throws -> ExitCode {
        // Who reads the results may go away; the migration goes on.
        signal(SIGPIPE, SIG_IGN)
        return try await withThrowingTaskGroup(of: Ended.self) { group in
            group.addTask {
                await signals.run { health.enter(.draining) }
                return .other
            }
            if let server {
                group.addTask {
                    try await server.run()
                    return .server
                }
            }
            group.addTask {
                do {
                    // Nothing is begun before the server listens: if it cannot, nothing has happened.
                    try await server?.waitUntilListening()
                    return .cycles(.success(try await runCycles()))
                } catch {
                    return .cycles(.failure(error))
                }
            }
            defer { group.cancelAll() }
            var result: Result<ExitCode, any Error>?
            while let ended = try await group.next() {
                switch ended {
                case .cycles(let outcome):
                    result = outcome
                    guard let server else { return try outcome.get() }
                    // It ends by itself; cancelled, it would complain.
                    await server.stop()
                case .server: if let result { return try result.get() }
                case .other: break
                }
            }
            return ExitStatus.fatal
        }
    }

    private enum Ended: Sendable {
        case cycles(Result<ExitCode, any Error>)
        case server
        case other
    }

    private func runCycles() async throws -> ExitCode {
        let clock = ContinuousClock()
        health.enter(.ready)
        while true {
            let start = clock.now
            let control = CycleControl()
            signals.attach(control)
            let result = try await runCycle(control)
            let isReported = report(result)
            if let signal = signals.received { return ExitStatus.stopped(by: signal) }
            guard let interval else { return isReported ? Self.exitCode(of: result) : ExitStatus.fatal }
            if let error = result.fatalError { health.enter(.failed(reason: error)) } else { health.enter(.ready) }
            let next = start.advanced(by: interval)
            // Short pauses, so that a signal is noticed at once and the probes see that we live.
            while clock.now < next, signals.received == nil {
                health.heartbeat()
                try await clock.sleep(until: min(next, clock.now.advanced(by: .milliseconds(250))))
            }
            if let signal = signals.received { return ExitStatus.stopped(by: signal) }
        }
    }

    private func runCycle(_ control: CycleControl) async throws -> CycleResult {
        let observer = CycleObserver(
            console: console, metrics: metrics, health: health, catalog: catalog, settings: settings,
            control: control, counting: counting, printsJSON: printsProgress, logger: logger
        )
        return try await withThrowingTaskGroup(of: CycleResult?.self) { group in
            group.addTask {
                try await migrator.runCycle(control: control) { observer.begin($0) }
            }
            // Who reads the lines may be slow.
            group.addTask(executorPreference: printsProgress ? ThreadPool(name: "des-progress", count: 1) : nil) {
                await observer.run()
                return nil
            }
            group.addTask {
                await observer.countPending()
                return nil
            }
            defer { observer.finish() }
            while let ended = try await group.next() {
                guard let result = ended else { continue }
                group.cancelAll()
                return result
            }
            throw CancellationError()
        }
    }

    private var counting: CycleObserver.Counting {
        guard countsPending else { return .never }
        return server != nil || console.isTerminal || printsProgress ? .atOnce : .afterAWhile
    }

    /// - Returns: whether it could be written.
    private func report(_ result: CycleResult) -> Bool {
        do {
            try Console.out(printsJSON ? try JSONOutput.text(result) : CycleResultText.text(result))
            return true
        } catch {
            logger.error("\(error); the result of this cycle is only in the log")
            return false
        }
    }

    static func exitCode(of result: CycleResult) -> ExitCode {
        if result.fatalError != nil { return ExitStatus.fatal }
        let isComplete =
            result.filesFailed == 0 && result.unitsSetAside == 0 && result.filesSetAside == 0
            && !result.hasOnlySkipped
        return isComplete ? .success : ExitStatus.incomplete
    }
}
