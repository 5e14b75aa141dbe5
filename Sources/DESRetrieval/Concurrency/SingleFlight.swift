import Synchronization

/// Does a piece of work once for all who want its result at the same time.
///
/// The first who asks does the work in its own task, and the others wait for it. If that task is cancelled, one of those who wait
/// does the work anew: nobody fails because somebody else went away.
final class SingleFlight<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private enum Outcome {
        case done(Result<Value, RetrievalError>)
        /// The one who did the work was cancelled.
        case abandoned
        case cancelled
    }

    private struct Flight {
        var waiters: [UInt64: CheckedContinuation<Outcome, Never>] = [:]
    }

    private struct State {
        var flights: [Key: Flight] = [:]
        var lastID: UInt64 = 0
    }

    private let state = Mutex(State())

    /// - Throws: what the work throws; `RetrievalError` with `unavailable` when this task is cancelled.
    func run(
        _ key: Key, _ work: () async throws(RetrievalError) -> Value
    ) async throws(RetrievalError) -> Value {
        while true {
            let isLeader = state.withLock { state in
                guard state.flights[key] == nil else { return false }
                state.flights[key] = Flight()
                return true
            }
            if isLeader { return try await lead(key, work) }
            switch await wait(key) {
            case .done(let result): return try result.get()
            case .abandoned: continue
            case .cancelled: throw RetrievalError(.unavailable, "the request was cancelled")
            }
        }
    }

    private func lead(
        _ key: Key, _ work: () async throws(RetrievalError) -> Value
    ) async throws(RetrievalError) -> Value {
        let result: Result<Value, RetrievalError>
        do throws(RetrievalError) { result = .success(try await work()) } catch { result = .failure(error) }
        let waiters = state.withLock { $0.flights.removeValue(forKey: key)?.waiters ?? [:] }
        let isAbandoned = if case .failure = result { Task.isCancelled } else { false }
        for waiter in waiters.values { waiter.resume(returning: isAbandoned ? .abandoned : .done(result)) }
        return try result.get()
    }

    private func wait(_ key: Key) async -> Outcome {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let immediate = state.withLock { state -> Outcome? in
                    if Task.isCancelled { return .cancelled }
                    // It may have ended between the two looks.
                    guard state.flights[key] != nil else { return .abandoned }
                    state.flights[key]?.waiters[id] = continuation
                    return nil
                }
                if let immediate { continuation.resume(returning: immediate) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.flights[key]?.waiters.removeValue(forKey: id) }
            waiter?.resume(returning: .cancelled)
        }
    }
}
