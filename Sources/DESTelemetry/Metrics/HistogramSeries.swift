import CoreMetrics
import Synchronization

/// Observations counted in buckets. Serves timers, in seconds, and recorders that aggregate.
///
/// Bucket, sum and count change together under one short lock, so a scrape never sees them disagree.
final class HistogramSeries: MetricSeries, TimerHandler, RecorderHandler {
    private struct State {
        /// One a bound, and one for what lies above the last.
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        self.state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// Observes a duration given in nanoseconds, as seconds.
    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

    /// Observes a value.
    func record(_ value: Int64) { record(Double(value)) }

    /// Observes a value; NaN is ignored, for it belongs to no bucket.
    func record(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[bucket] += 1
            state.sum += value
        }
    }

    func appendSamples(name: String, labels: String, to text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        let prefix = labels.isEmpty ? "" : labels + ","
        var cumulative: UInt64 = 0
        for (bound, count) in zip(bounds + [.infinity], counts) {
            cumulative += count
            let bucketLabels = "\(prefix)le=\"\(PrometheusText.bound(bound))\""
            appendSample(name + "_bucket", labels: bucketLabels, value: String(cumulative), to: &text)
        }
        appendSample(name + "_sum", labels: labels, value: PrometheusText.number(sum), to: &text)
        appendSample(name + "_count", labels: labels, value: String(cumulative), to: &text)
    }
}
