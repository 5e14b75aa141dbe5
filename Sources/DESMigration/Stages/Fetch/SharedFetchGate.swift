import Synchronization

/// The gate of a cycle, which all its slices pass one after the other.
final class SharedFetchGate: Sendable {
    private struct State {
        var gate: FetchGate
        var waiter: CheckedContinuation<Void, Never>?

        mutating func takeWaiter() -> CheckedContinuation<Void, Never>? {
            defer { waiter = nil }
            return waiter
        }
    }

    private let state: Mutex<State>

    init(_ limits: CycleLimits) { state = Mutex(State(gate: FetchGate(limits))) }

    func withGate<Result>(_ body: (inout FetchGate) -> sending Result) -> sending Result {
        state.withLock { body(&$0.gate) }
    }

    /// A file that was admitted was read, could not be, or is left after all; wakes who waits for that.
    func settle(size: Int64?, hasFailed: Bool) {
        let waiter = state.withLock { state in
            state.gate.settle(size: size, hasFailed: hasFailed)
            return state.takeWaiter()
        }
        waiter?.resume()
    }

    /// Waits until one more file is settled, or the task is cancelled; not at all if none is open. For one at a time.
    func nextSettled() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    guard state.gate.mayGetRoom, !Task.isCancelled else { return true }
                    state.waiter = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.takeWaiter() }?.resume()
        }
    }
}
