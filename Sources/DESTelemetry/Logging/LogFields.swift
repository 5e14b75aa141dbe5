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
