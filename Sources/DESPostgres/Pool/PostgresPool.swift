import Synchronization

/// A small, fixed number of connections to one server, opened as they are needed. Who comes first is served first.
package final class PostgresPool: Sendable {
    private let connections: [PostgresConnection]
    private let queue: Mutex<Queue>

    private struct Queue {
        var slots: PoolState
        var continuations: [Int: CheckedContinuation<Int?, Never>] = [:]
        /// Waiters that were cancelled before they came into the queue.
        var cancelled: Set<Int> = []
        var lastWaiter = 0
    }

    /// - Parameter size: how many connections there are at most; at least one.
    package init(_ settings: PostgresSettings, size: Int) {
        let count = max(1, size)
        connections = (0..<count).map { _ in PostgresConnection(settings) }
        queue = Mutex(Queue(slots: PoolState(slots: count)))
    }

    /// Runs the body on a connection that is free, or will be: as ``PostgresConnection/run(_:advice:_:)``.
    package func run<Result: Sendable>(
        _ what: String, advice: String? = nil, _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        let slot = try await acquire()
        defer { release(slot) }
        return try await connections[slot].run(what, advice: advice, body)
    }

    /// Closes all connections; what runs is awaited. Later calls throw.
    package func close() async {
        for connection in connections { await connection.close() }
    }

    private func acquire() async throws -> Int {
        let waiter = queue.withLock { queue in
            queue.lastWaiter += 1
            return queue.lastWaiter
        }
        let slot: Int? = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Int?? = queue.withLock { queue in
                    if queue.cancelled.remove(waiter) != nil { return .some(nil) }
                    if let slot = queue.slots.acquire(waiter: waiter) { return slot }
                    queue.continuations[waiter] = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let continuation = queue.withLock { queue -> CheckedContinuation<Int?, Never>? in
                if queue.slots.giveUp(waiter: waiter) { return queue.continuations.removeValue(forKey: waiter) }
                queue.cancelled.insert(waiter)
                return nil
            }
            continuation?.resume(returning: nil)
        }
        queue.withLock { _ = $0.cancelled.remove(waiter) }
        guard let slot else { throw CancellationError() }
        return slot
    }

    private func release(_ slot: Int) {
        let handover = queue.withLock { queue -> (CheckedContinuation<Int?, Never>, Int)? in
            guard let next = queue.slots.release(slot: slot) else { return nil }
            return queue.continuations.removeValue(forKey: next.waiter).map { ($0, next.slot) }
        }
        if let (continuation, slot) = handover { continuation.resume(returning: slot) }
    }
}
