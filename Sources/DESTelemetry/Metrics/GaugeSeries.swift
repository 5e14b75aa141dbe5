import CoreMetrics
import Synchronization

/// A value that goes up and down, without a lock. Serves meters, and recorders that do not aggregate.
final class GaugeSeries: MetricSeries, MeterHandler, RecorderHandler {
    private let value = Atomic<Double>(0)

    /// Replaces the value.
    func set(_ value: Int64) { set(Double(value)) }

    /// Replaces the value.
    func set(_ value: Double) { self.value.store(value, ordering: .relaxed) }

    /// Adds to the value; what is not finite is ignored.
    func increment(by amount: Double) {
        guard amount.isFinite else { return }
        value.add(amount)
    }

    /// Takes from the value; what is not finite is ignored.
    func decrement(by amount: Double) { increment(by: -amount) }

    /// Replaces the value: a recorder that does not aggregate shows the last one.
    func record(_ value: Int64) { set(value) }

    /// Replaces the value: a recorder that does not aggregate shows the last one.
    func record(_ value: Double) { set(value) }

    func appendSamples(name: String, labels: String, to text: inout String) {
        let current = value.load(ordering: .relaxed)
        appendSample(name, labels: labels, value: PrometheusText.number(current), to: &text)
    }
}
