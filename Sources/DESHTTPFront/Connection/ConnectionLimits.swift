import CoreMetrics
import NIOCore
import Synchronization

/// Counts what all connections of a port hold together, against its limits.
final class ConnectionLimits: Sendable {
    let limits: HTTPLimits
    private let connections = Atomic<Int>(0)
    private let bodyBytes = Atomic<Int>(0)
    /// Those beyond the limit, the oldest first.
    private let spare = Mutex<[any Channel]>([])
    private let all = Atomic<Int>(0)
    private let gauge: Meter?

    /// - Parameter gauge: is set to the number of open connections.
    init(_ limits: HTTPLimits, gauge: Meter?) {
        self.limits = limits
        self.gauge = gauge
    }

    /// A connection was opened; false if it is one too many. Then the oldest of those that are too many may have to go for it.
    func opened(_ channel: any Channel) -> Bool {
        gauge?.set(all.wrappingAdd(1, ordering: .relaxed).newValue)
        if admit() { return true }
        let oldest: (any Channel)? = spare.withLock { spare in
            spare.append(channel)
            return spare.count > limits.spareConnections ? spare.removeFirst() : nil
        }
        oldest?.close(promise: nil)
        return false
    }

    /// A connection was closed.
    ///
    /// - Parameter isSpare: whether it was one too many to the end.
    func closed(_ channel: any Channel, isSpare: Bool) {
        gauge?.set(all.wrappingSubtract(1, ordering: .relaxed).newValue)
        if isSpare {
            forget(channel)
        } else {
            connections.wrappingSubtract(1, ordering: .relaxed)
        }
    }

    /// Whether there is room by now for a connection that was one too many; then it is an ordinary one.
    func adopted(_ channel: any Channel) -> Bool {
        guard admit() else { return false }
        forget(channel)
        return true
    }

    /// Memory for a request's body is wanted; false if all bodies together would take too much, and then it is not counted.
    func reserveBody(_ count: Int) -> Bool {
        let sum = bodyBytes.wrappingAdd(count, ordering: .relaxed).newValue
        guard sum <= limits.maximumBodyMemory else {
            bodyBytes.wrappingSubtract(count, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Memory of a request's body is free again.
    func releaseBody(_ count: Int) {
        bodyBytes.wrappingSubtract(count, ordering: .relaxed)
    }

    private func admit() -> Bool {
        guard connections.wrappingAdd(1, ordering: .relaxed).newValue > limits.maximumConnections else { return true }
        connections.wrappingSubtract(1, ordering: .relaxed)
        return false
    }

    private func forget(_ channel: any Channel) {
        spare.withLock { $0.removeAll { $0 === channel } }
    }
}
