/// The spelling rules of the Prometheus text format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/#text-format-details).
package enum PrometheusText {
    /// The content type under which the text is served.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// A help text with backslash and line feed escaped.
    static func escapedHelp(_ text: String) -> String {
        escaped(text, quotes: false)
    }

    /// A label value with backslash, line feed and double quote escaped.
    static func escapedLabelValue(_ text: String) -> String {
        escaped(text, quotes: true)
    }

    /// A name with every character that a metric name may not have replaced by `_`.
    static func metricName(_ text: String) -> String {
        sanitized(text, allowsColon: true)
    }

    /// A name with every character that a label name may not have replaced by `_`.
    static func labelName(_ text: String) -> String {
        sanitized(text, allowsColon: false)
    }

    /// A sample's value. Whole numbers that a double holds exactly have no fraction.
    static func number(_ value: Double) -> String {
        if value.magnitude < 0x1p53, let whole = Int64(exactly: value) { return String(whole) }
        return float(value)
    }

    /// A bucket's bound, always with a fraction: `1.0`, as Python's client writes it and as Prometheus 3 stores it, so
    /// that series and queries of existing installations go on.
    static func bound(_ value: Double) -> String {
        float(value)
    }

    /// `name="value",…`, sorted by name: the same set of labels gives the same text in whatever order it came.
    static func labels(_ dimensions: [(String, String)], kind: MetricKind) -> String {
        var values: [String: String] = [:]
        for (name, value) in dimensions {
            let valid = labelName(name)
            // `le` belongs to the buckets; a second one would make the whole page unreadable.
            values[kind == .histogram && valid == "le" ? "le_" : valid] = value
        }
        return values.sorted { $0.key < $1.key }
            .map { "\($0.key)=\"\(escapedLabelValue($0.value))\"" }
            .joined(separator: ",")
    }

    private static func float(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value.description
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        result.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func sanitized(_ text: String, allowsColon: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "a"..."z", "A"..."Z", "_": result.unicodeScalars.append(scalar)
            case ":" where allowsColon: result.unicodeScalars.append(scalar)
            case "0"..."9":
                if result.isEmpty { result += "_" }
                result.unicodeScalars.append(scalar)
            default: result += "_"
            }
        }
        return result.isEmpty ? "_" : result
    }
}
