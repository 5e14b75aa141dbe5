import CoreMetrics
import Synchronization

/// Counts the requests for files that are being answered, against their limit.
final class RequestLimit: Sendable {
    private let maximum: Int
    private let requests = Atomic<Int>(0)
    private let gauge: Meter

    /// - Parameter gauge: is set to the number.
    init(_ maximum: Int, gauge: Meter) {
        self.maximum = maximum
        self.gauge = gauge
    }

    /// A request wants to be answered; false if it is one too many, and then it does not count.
    func began() -> Bool {
        let count = requests.wrappingAdd(1, ordering: .relaxed).newValue
        guard count <= maximum else {
            requests.wrappingSubtract(1, ordering: .relaxed)
            return false
        }
        gauge.set(count)
        return true
    }

    /// A request was answered or given up.
    func ended() {
        gauge.set(requests.wrappingSubtract(1, ordering: .relaxed).newValue)
    }
}
