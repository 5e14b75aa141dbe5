/// How a metric behaves, in the words of the Prometheus text format.
package enum MetricKind: String, Sendable, Equatable {
    /// Only grows, from 0 at the start of the process; its name ends in `_total`.
    case counter
    /// Goes up and down.
    case gauge
    /// Observations counted in buckets, with their sum.
    case histogram
}

/// What is known of a metric before its first event: what it is called, what it means, and how it is shown.
package struct MetricDefinition: Sendable, Equatable {
    /// The buckets of a histogram that nobody gave any: seconds from 5 ms to 10 s, the defaults of Prometheus clients.
    package static let defaultBuckets: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]

    /// The name as exposed, without `_bucket`, `_sum` or `_count`.
    package let name: String
    /// One sentence for the `# HELP` line; empty: no such line.
    package let help: String
    /// Counter, gauge or histogram.
    package let kind: MetricKind
    /// Upper bounds of a histogram's buckets, ascending, without `+Inf`; empty for the other kinds.
    package let buckets: [Double]

    init(name: String, help: String, kind: MetricKind, buckets: [Double]?) {
        self.name = name
        self.help = help
        self.kind = kind
        self.buckets = kind == .histogram ? buckets ?? Self.defaultBuckets : []
    }

    /// Checks what the text format demands of names and buckets.
    func validate() throws(MetricRegistrationError) {
        guard !name.isEmpty, PrometheusText.metricName(name) == name else {
            throw MetricRegistrationError(metric: name, problem: "is not a valid metric name")
        }
        if kind == .counter, !name.hasSuffix("_total") {
            throw MetricRegistrationError(metric: name, problem: "is a counter, so its name must end in _total")
        }
        if kind == .histogram {
            let isAscending = zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 }
            guard !buckets.isEmpty, isAscending, buckets.allSatisfy(\.isFinite) else {
                throw MetricRegistrationError(metric: name, problem: "needs finite bucket bounds in ascending order")
            }
        }
    }
}

/// A metric that cannot be registered: a mistake in the program, found at start.
package struct MetricRegistrationError: Error, Equatable, CustomStringConvertible {
    /// The name that was to be registered.
    package let metric: String
    /// What is wrong with it.
    package let problem: String

    /// One line for the log.
    package var description: String { "metric \(metric) \(problem); it is not registered" }
}
