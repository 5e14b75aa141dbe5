import CoreMetrics
import DESBase

extension PrometheusRegistry {
    /// Shows since when the program runs, under the name that Prometheus has for it: whoever sees it change often knows that the program ends again
    /// and again.
    ///
    /// - Throws: `MetricRegistrationError` when the name means something else already.
    package func showProcessStart() throws(MetricRegistrationError) {
        let name = "process_start_time_seconds"
        try register(name: name, help: "When the program was started, in seconds since 1970.", kind: .gauge)
        Meter(label: name, dimensions: [], factory: self).set(Timestamp.now().secondsSinceEpoch)
    }
}
