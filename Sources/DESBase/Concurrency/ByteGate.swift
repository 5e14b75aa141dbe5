import Synchronization

/// Lets bytes of large files into memory up to a limit; who comes later waits, first come, first served.
///
/// Whoever holds bytes only hands them on, towards the release: nobody waits here for somebody who waits here. Who holds them for a
/// client that may be slow lets others wait with a limit of time.
package final class ByteGate: Sendable {
    private struct Waiter {
        let id: UInt64
        let bytes: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var free: Int
        var waiters: [Waiter] = []
        var lastID: UInt64 = 0

        /// Lets in those in front who fit now.
        mutating func admit() -> [Waiter] {
            var admitted: [Waiter] = []
            while let first = waiters.first, first.bytes <= free {
                free -= first.bytes
                admitted.append(waiters.removeFirst())
            }
            return admitted
        }
    }

    /// Bytes that are in at most.
    package let capacity: Int
    private let state: Mutex<State>

    /// - Parameter capacity: bytes that are in at a time, at least 1.
    package init(capacity: Int) {
        self.capacity = max(1, capacity)
        state = Mutex(State(free: max(1, capacity)))
    }

    /// Bytes that are in.
    package var held: Int { capacity - state.withLock { $0.free } }

    /// Whether somebody waits.
    package var hasWaiters: Bool { state.withLock { !$0.waiters.isEmpty } }

    /// Lets that many bytes in if that can be done without waiting; more than the capacity count as the capacity.
    ///
    /// - Returns: what to give back to `release`; nil if there is no room, or somebody else waits for it.
    package func acquireNow(_ bytes: Int) -> Int? {
        let bytes = min(max(0, bytes), capacity)
        let isAdmitted = state.withLock { state in
            guard state.waiters.isEmpty, bytes <= state.free else { return false }
            state.free -= bytes
            return true
        }
        return isAdmitted ? bytes : nil
    }

    /// Waits until that many bytes may come in; more than the capacity count as the capacity.
    ///
    /// - Returns: what to give back to `release`.
    /// - Throws: `CancellationError`.
    package func acquire(_ bytes: Int) async throws -> Int {
        let bytes = min(max(0, bytes), capacity)
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = state.withLock { state -> Result<Void, any Error>? in
                    // Under the lock: the handler below either comes after this and finds the waiter, or came before.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if state.waiters.isEmpty && bytes <= state.free {
                        state.free -= bytes
                        return .success(())
                    }
                    state.waiters.append(Waiter(id: id, bytes: bytes, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let (cancelled, admitted) = state.withLock { state -> (Waiter?, [Waiter]) in
                guard let position = state.waiters.firstIndex(where: { $0.id == id }) else { return (nil, []) }
                return (state.waiters.remove(at: position), state.admit())
            }
            cancelled?.continuation.resume(throwing: CancellationError())
            for waiter in admitted { waiter.continuation.resume() }
        }
        return bytes
    }

    /// Gives back what was acquired.
    package func release(_ bytes: Int) {
        guard bytes > 0 else { return }
        let admitted = state.withLock { state in
            state.free += bytes
            return state.admit()
        }
        for waiter in admitted { waiter.continuation.resume() }
    }
}
