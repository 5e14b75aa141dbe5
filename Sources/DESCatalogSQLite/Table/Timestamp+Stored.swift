import DESBase

extension Timestamp {
    /// RFC 3339 in UTC with six digits of fraction, always: as texts such times are in their own order.
    var storedText: String {
        let text = rfc3339.utf8.dropLast()
        let fraction = text.count > 19 ? text.count - 20 : 0
        return String(Substring(text)) + (fraction == 0 ? "." : "") + String(repeating: "0", count: 6 - fraction) + "Z"
    }
}
