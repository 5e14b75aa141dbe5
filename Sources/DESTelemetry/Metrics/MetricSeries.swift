/// One metric with one set of label values: where events are counted.
protocol MetricSeries: AnyObject, Sendable {
    /// Appends the lines of this series.
    ///
    /// - Parameters:
    ///   - name: the metric's name.
    ///   - labels: `name="value",…` as ``PrometheusText/labels(_:kind:)`` makes it, may be empty.
    ///   - text: what the lines are appended to, each with its line feed.
    func appendSamples(name: String, labels: String, to text: inout String)
}

extension MetricSeries {
    /// Appends one line `name{labels} value`.
    func appendSample(_ name: String, labels: String, value: String, to text: inout String) {
        text += name
        if !labels.isEmpty {
            text += "{"
            text += labels
            text += "}"
        }
        text += " "
        text += value
        text += "\n"
    }
}
