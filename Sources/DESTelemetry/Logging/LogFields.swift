import Logging

/// Puts together what one event carries.
enum LogFields {
    /// Metadata of provider, handler and event, sorted by key; the nearer one wins. An error of the event is the field
    /// `error`, unless there is one of that name.
    static func merged(
        provider: Logger.MetadataProvider?, handler: Logger.Metadata, event: LogEvent
    ) -> [(key: String, value: Logger.MetadataValue)] {
        if provider == nil, handler.isEmpty, event.metadata == nil, event.error == nil { return [] }
        var fields = provider?.get() ?? [:]
        fields.merge(handler) { _, new in new }
        if let error = event.error { fields["error"] = .string("\(error)") }
        fields.merge(event.metadata ?? [:]) { _, new in new }
        return fields.sorted { $0.key < $1.key }
    }
}

extension LogFields {
    /// Fields that count or measure something, whatever they do it in.
    private static let numbers: Set<String> = [
        "attempt", "bytes", "connections", "count", "days", "entries", "files", "folders", "keys", "limit", "objects",
        "port",
        "rows", "seconds", "shards", "size", "suppressed_before", "token", "units",
    ]

    /// The value of a field as JSON. What counts or measures is a number also where the program's own interpolation made a text of
    /// it; a uid or a name that looks like a number stays a text, so that a field has one type.
    static func json(_ value: Logger.MetadataValue, of key: String) -> String {
        guard case .string(let text) = value, isNumber(key), isJSONNumber(text) else { return value.json }
        return text
    }

    private static func isNumber(_ key: String) -> Bool {
        numbers.contains(key) || key.hasPrefix("files_") || key.hasPrefix("shards_") || key.hasSuffix("_seconds")
            || key.hasSuffix("_bytes")
    }

    /// What an interpolation makes of a whole number, or of a finite one with a fraction; both are numbers of JSON.
    private static func isJSONNumber(_ text: String) -> Bool {
        if let whole = Int64(text) { return whole.description == text }
        return Double(text).map { $0.isFinite && $0.description == text } ?? false
    }
}

extension Logger.MetadataValue {
    /// The value as text: lists as `[a, b]`, dictionaries as `{key=value, key=value}` sorted by key.
    var logText: String {
        switch self {
        case .string(let text): text
        case .stringConvertible(let value): value.description
        case .array(let values): "[" + values.map(\.logText).joined(separator: ", ") + "]"
        case .dictionary(let fields):
            "{" + fields.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.logText)" }.joined(separator: ", ")
                + "}"
        }
    }

    /// The value as JSON: whole numbers, finite fractions and booleans as such, all else as strings, arrays and objects.
    var json: String {
        switch self {
        case .string(let text): return text.jsonQuoted
        case .stringConvertible(let value):
            switch value {
            case let number as any BinaryInteger: return "\(number)"
            case let number as Double where number.isFinite: return "\(number)"
            case let flag as Bool: return "\(flag)"
            default: return value.description.jsonQuoted
            }
        case .array(let values): return "[" + values.map(\.json).joined(separator: ",") + "]"
        case .dictionary(let fields):
            let members = fields.sorted { $0.key < $1.key }.map { "\($0.key.jsonQuoted):\($0.value.json)" }
            return "{" + members.joined(separator: ",") + "}"
        }
    }
}
