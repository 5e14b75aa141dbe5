import Synchronization

/// Why a cycle fetches no more rows. What was read is brought to its end all the same.
package enum StopReason: Sendable, Hashable {
    /// A signal asked for an orderly end.
    case interrupted
    /// A configured limit is reached: its key in the configuration.
    case limit(String)
    /// Going on makes no sense: what failed.
    case fatal(String)
}

/// A reading was ended because the cycle is to stop: nothing is said about its source.
struct ReadingCut: Error {}

/// The one switch of a cycle; the first reason counts.
package final class CycleControl: Sendable {
    private struct State {
        var reason: StopReason?
        var readsOn = true
        /// Readings under way, which end when no more is to be read.
        var readings: [Int: AsyncStream<Void>.Continuation] = [:]
        var lastReading = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Why no more is fetched; nil while it is.
    package var reason: StopReason? { state.withLock { $0.reason } }

    /// Whether files of rows that were fetched are still to be read. If not, their rows are left as they are.
    package var readsOn: Bool { state.withLock { $0.readsOn } }

    /// Asks for an orderly end.
    ///
    /// - Parameter stopsReading: whether what is not read yet is left; nil: if a signal asks. A limit of files or bytes counts
    ///   what was fetched, so that all of it is still read.
    package func stop(_ reason: StopReason, stopsReading: Bool? = nil) {
        let cut: [AsyncStream<Void>.Continuation] = state.withLock { state in
            switch (state.reason, reason) {
            case (.fatal, _): break
            // A failure is worth more than the news that the cycle was to end anyway.
            case (nil, _), (_, .fatal): state.reason = reason
            case (.interrupted, _), (.limit, _): break
            }
            guard stopsReading ?? (reason == .interrupted) else { return [] }
            state.readsOn = false
            defer { state.readings = [:] }
            return Array(state.readings.values)
        }
        for reading in cut { reading.finish() }
    }

    /// Reads, and cancels that once no more is to be read: what is far away may take long to answer, or to be tried again.
    ///
    /// - Throws: ``ReadingCut`` if it was cancelled for that, `CancellationError`, and whatever the reading throws.
    func whileReading<Result: Sendable>(_ read: @escaping @Sendable () async throws -> Result) async throws -> Result {
        let (id, end) = beginReading()
        defer { state.withLock { $0.readings[id] = nil } }
        return try await withThrowingTaskGroup(of: Result?.self) { group in
            defer { group.cancelAll() }
            group.addTask { try await read() }
            group.addTask {
                for await _ in end {}
                return nil
            }
            if let first = try await group.next(), let result = first { return result }
            throw Task.isCancelled ? CancellationError() : ReadingCut()
        }
    }

    private func beginReading() -> (Int, AsyncStream<Void>) {
        let (end, continuation) = AsyncStream<Void>.makeStream()
        let id = state.withLock { state in
            state.lastReading += 1
            if state.readsOn { state.readings[state.lastReading] = continuation } else { continuation.finish() }
            return state.lastReading
        }
        return (id, end)
    }
}
