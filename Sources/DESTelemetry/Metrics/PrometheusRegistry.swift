package import CoreMetrics
import Synchronization

/// Keeps the metrics of one process and writes them in the Prometheus text format 0.0.4.
///
/// It is handed to whoever counts, as `factory:` of `Counter`, `Meter`, `Recorder` and `Timer`; the global metrics system
/// is left alone. Events go to atomics or to a lock of their own series; the registry's lock is taken only when a handle
/// is made and when the text is written, so make a handle once and keep it.
///
/// Names and labels are made valid: other characters become `_`, a counter ends in `_total`, a timer in `_seconds`. Handles
/// of the same name and labels share their value. `destroy` of a handle keeps the value: a series that vanished from one
/// scrape to the next would look like a restart.
package final class PrometheusRegistry: MetricsFactory, Sendable {
    private struct Family {
        let definition: MetricDefinition
        var series: [String: any MetricSeries] = [:]
    }

    private struct State {
        var families: [String: Family] = [:]
        var conflicts: [String] = []
    }

    private let state = Mutex(State())

    /// Makes an empty registry.
    package init() {}

    /// Says what a metric means before its first event.
    ///
    /// - Parameters:
    ///   - name: as exposed; a counter's ends in `_total`.
    ///   - help: one sentence.
    ///   - kind: counter, gauge or histogram.
    ///   - buckets: a histogram's upper bounds, ascending, without `+Inf`; nil for ``MetricDefinition/defaultBuckets``.
    ///   - isLabelled: whether its series carry labels. One without labels is shown with 0 from now on, so that rates and
    ///     alerts see the first event; one with labels appears with its first handle.
    /// - Throws: `MetricRegistrationError` when name or buckets are not valid, or the name means something else already.
    package func register(
        name: String, help: String, kind: MetricKind, buckets: [Double]? = nil, isLabelled: Bool = false
    ) throws(MetricRegistrationError) {
        let definition = MetricDefinition(name: name, help: help, kind: kind, buckets: buckets)
        try definition.validate()
        let isAccepted = state.withLock { state in
            if let known = state.families[name], known.definition != definition { return false }
            var family = state.families[name] ?? Family(definition: definition)
            if !isLabelled, family.series[""] == nil { family.series[""] = Self.makeSeries(definition) }
            state.families[name] = family
            return true
        }
        guard isAccepted else {
            throw MetricRegistrationError(metric: name, problem: "is known already with another meaning")
        }
    }

    /// Names that were asked for as two kinds of metric. Such a handle works, but is not shown; tests expect none.
    package var conflicts: [String] { state.withLock { $0.conflicts } }

    /// The page that is served under `/metrics`: metrics by name, series by labels, so that it is the same each time.
    package func text() -> String {
        let families = state.withLock { $0.families }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
            if !family.definition.help.isEmpty {
                text += "# HELP \(name) \(PrometheusText.escapedHelp(family.definition.help))\n"
            }
            text += "# TYPE \(name) \(family.definition.kind.rawValue)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
                series.appendSamples(name: name, labels: labels, to: &text)
            }
        }
        return text
    }

    private static func makeSeries(_ definition: MetricDefinition) -> any MetricSeries {
        switch definition.kind {
        case .counter: CounterSeries()
        case .gauge: GaugeSeries()
        case .histogram: HistogramSeries(bounds: definition.buckets)
        }
    }

    /// The series of a name and labels, made when there is none; `unshown` when the name is a metric of another kind.
    private func series<Series: MetricSeries>(
        _ label: String, _ dimensions: [(String, String)], kind: MetricKind, suffix: String = "",
        unshown: @autoclosure () -> Series
    ) -> Series {
        let valid = PrometheusText.metricName(label)
        let name = valid.hasSuffix(suffix) ? valid : valid + suffix
        let labels = PrometheusText.labels(dimensions, kind: kind)
        let found: Series? = state.withLock { state in
            var family =
                state.families[name]
                ?? Family(definition: MetricDefinition(name: name, help: "", kind: kind, buckets: nil))
            guard let series = (family.series[labels] ?? Self.makeSeries(family.definition)) as? Series else {
                state.conflicts.append(name)
                return nil
            }
            family.series[labels] = series
            state.families[name] = family
            return series
        }
        return found ?? unshown()
    }
}

extension PrometheusRegistry {
    /// A counter of whole numbers; `_total` is appended to a name without it.
    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, dimensions, kind: .counter, suffix: "_total", unshown: CounterSeries())
    }

    /// A counter of fractions; it may share its name with a counter of whole numbers.
    package func makeFloatingPointCounter(
        label: String, dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        series(label, dimensions, kind: .counter, suffix: "_total", unshown: CounterSeries())
    }

    /// A gauge.
    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, dimensions, kind: .gauge, unshown: GaugeSeries())
    }

    /// A histogram when it aggregates, else a gauge of the last value.
    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        if aggregate {
            series(label, dimensions, kind: .histogram, unshown: HistogramSeries(bounds: []))
        } else {
            series(label, dimensions, kind: .gauge, unshown: GaugeSeries())
        }
    }

    /// A histogram in seconds; `_seconds` is appended to a name without it.
    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, dimensions, kind: .histogram, suffix: "_seconds", unshown: HistogramSeries(bounds: []))
    }

    /// Keeps the value.
    package func destroyCounter(_ handler: any CounterHandler) {}

    /// Keeps the value.
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}

    /// Keeps the value.
    package func destroyMeter(_ handler: any MeterHandler) {}

    /// Keeps the value.
    package func destroyRecorder(_ handler: any RecorderHandler) {}

    /// Keeps the value.
    package func destroyTimer(_ handler: any TimerHandler) {}
}
