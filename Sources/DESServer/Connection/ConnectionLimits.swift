import CoreMetrics
import Synchronization

/// Counts what all connections hold together, against its limits.
final class ConnectionLimits: Sendable {
    private let maximumConnections: Int
    private let maximumRequests: Int
    private let maximumBodyBytes: Int
    private let connections = Atomic<Int>(0)
    private let requests = Atomic<Int>(0)
    private let bodyBytes = Atomic<Int>(0)
    private let connectionGauge: Meter
    private let requestGauge: Meter

    init(maximumConnections: Int, maximumRequests: Int, maximumBodyBytes: Int, metrics: RequestMetrics) {
        self.maximumConnections = maximumConnections
        self.maximumRequests = maximumRequests
        self.maximumBodyBytes = maximumBodyBytes
        connectionGauge = metrics.connections
        requestGauge = metrics.inFlight
    }

    /// A connection was opened; false if it is one too many. It counts in any case until ``connectionClosed()``.
    func connectionOpened() -> Bool {
        let count = connections.wrappingAdd(1, ordering: .relaxed).newValue
        connectionGauge.set(count)
        return count <= maximumConnections
    }

    /// A connection was closed.
    func connectionClosed() {
        connectionGauge.set(connections.wrappingSubtract(1, ordering: .relaxed).newValue)
    }

    /// A request wants to be answered; false if it is one too many, and then it does not count.
    func requestBegan() -> Bool {
        let count = requests.wrappingAdd(1, ordering: .relaxed).newValue
        guard count <= maximumRequests else {
            requests.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        requestGauge.set(count)
        return true
    }

    /// A request was answered or given up.
    func requestEnded() {
        requestGauge.set(requests.wrappingSubtract(1, ordering: .relaxed).newValue)
    }

    /// Memory for a request's body is wanted; false if all bodies together would take too much, and then it is not counted.
    func reserveBody(_ count: Int) -> Bool {
        let sum = bodyBytes.wrappingAdd(count, ordering: .relaxed).newValue
        guard sum <= maximumBodyBytes else {
            bodyBytes.wrappingSubtract(count, ordering: .relaxed)
            return false
        }
        return true
    }

    /// Memory of a request's body is free again.
    func releaseBody(_ count: Int) {
        bodyBytes.wrappingSubtract(count, ordering: .relaxed)
    }
}
