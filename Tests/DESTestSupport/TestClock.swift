import Synchronization

/// Time that passes only when a test says so.
package final class TestClock: Clock {
    /// What sleeping does.
    package enum Sleep: Sendable {
        /// It takes no time: the clock moves on to the moment that is waited for.
        case passes
        /// It lasts until a test moves the clock past that moment.
        case waits
    }

    package struct Instant: InstantProtocol {
        /// Since the clock was made.
        package let offset: Duration

        package func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }

        package func duration(to other: Instant) -> Duration { other.offset - offset }

        package static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private struct Sleeper {
        let deadline: Instant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now = Instant(offset: .zero)
        var pauses: [Duration] = []
        var sleepers: [Int: Sleeper] = [:]
        var nextID = 0
    }

    private let sleep: Sleep
    private let state = Mutex(State())

    package init(_ sleep: Sleep = .passes) { self.sleep = sleep }

    package var now: Instant { state.withLock { $0.now } }

    package var minimumResolution: Duration { .nanoseconds(1) }

    /// How long was asked to sleep, each time.
    package var pauses: [Duration] { state.withLock { $0.pauses } }

    /// Moves the clock, and wakes who has slept long enough.
    package func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            let due = state.sleepers.filter { $0.value.deadline <= state.now }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.sorted { $0.deadline < $1.deadline }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    package func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        let id = state.withLock { state -> Int? in
            state.pauses.append(state.now.duration(to: deadline))
            guard state.now < deadline else { return nil }
            if sleep == .passes {
                state.now = deadline
                return nil
            }
            state.nextID += 1
            return state.nextID
        }
        guard let id else { return }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                park(Sleeper(deadline: deadline, continuation: continuation), id)
            }
        } onCancel: {
            let sleeper = state.withLock { $0.sleepers.removeValue(forKey: id) }
            sleeper?.continuation.resume(throwing: CancellationError())
        }
    }

    private func park(_ sleeper: Sleeper, _ id: Int) {
        let outcome = state.withLock { state -> Result<Void, any Error>? in
            // Under the lock: the handler above either comes after this and finds the sleeper, or came before.
            if Task.isCancelled { return .failure(CancellationError()) }
            if state.now >= sleeper.deadline { return .success(()) }
            state.sleepers[id] = sleeper
            return nil
        }
        if let outcome { sleeper.continuation.resume(with: outcome) }
    }
}
