import CoreMetrics
import Synchronization

/// A counter without a lock. Whole steps and fractions are summed apart, so that a count stays exact beyond 2^53.
final class CounterSeries: MetricSeries, CounterHandler, FloatingPointCounterHandler {
    private let whole = Atomic<UInt64>(0)
    private let fractional = Atomic<Double>(0)

    /// Adds a whole number; zero and negative steps are ignored, for a counter never falls.
    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        whole.wrappingAdd(UInt64(amount), ordering: .relaxed)
    }

    /// Adds a fraction; what is not finite and positive is ignored.
    func increment(by amount: Double) {
        guard amount.isFinite, amount > 0 else { return }
        fractional.add(amount)
    }

    /// Starts again at 0, which Prometheus takes for a restart of the process.
    func reset() {
        whole.store(0, ordering: .relaxed)
        fractional.store(0, ordering: .relaxed)
    }

    func appendSamples(name: String, labels: String, to text: inout String) {
        let whole = whole.load(ordering: .relaxed)
        let fractional = fractional.load(ordering: .relaxed)
        let value = fractional == 0 ? String(whole) : PrometheusText.number(Double(whole) + fractional)
        appendSample(name, labels: labels, value: value, to: &text)
    }
}

extension Atomic where Value == Double {
    /// Adds without a lock: reads, and writes if nobody else has written meanwhile.
    func add(_ amount: Double) {
        var current = load(ordering: .relaxed)
        while true {
            let (exchanged, original) = weakCompareExchange(
                expected: current, desired: current + amount, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}
