import DESBase

/// Queries as SigV4 wants them.
package enum S3Query {
    /// In the order that the signature wants; empty for none. It is also what is sent.
    package static func text(_ items: [(name: String, value: String)]) -> String {
        guard !items.isEmpty else { return "" }
        return
            items
            .map { (name: PercentCoding.encode($0.name), value: PercentCoding.encode($0.value)) }
            .sorted { ($0.name, $0.value) < ($1.name, $1.value) }
            .map { "\($0.name)=\($0.value)" }
            .joined(separator: "&")
    }
}
