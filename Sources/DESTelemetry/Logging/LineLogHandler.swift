import DESBase
import Logging

/// Writes one line an event, whatever a message or value holds.
struct LineLogHandler: LogHandler {
    let format: LoggingFormat
    /// Events below it are not written.
    var logLevel: Logger.Level
    let sink: any LineSink
    let now: @Sendable () -> Timestamp
    /// Fields of every event.
    var metadata: Logger.Metadata = [:]
    /// Fields of the current task.
    var metadataProvider: Logger.MetadataProvider?

    func log(event: LogEvent) {
        let fields = LogFields.merged(provider: metadataProvider, handler: metadata, event: event)
        switch format {
        case .text: sink.write(line: text(event, fields))
        case .json: sink.write(line: json(event, fields))
        }
    }

    /// For people: `2026-01-02T03:04:05.678Z INFO  message key=value`. A value that is not one plain word is quoted, with JSON's
    /// escapes.
    private func text(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        var line = now().rfc3339Milliseconds
        line += " "
        line += event.level.columnText
        line += " "
        line += event.message.description.escapedForOneLine
        for (key, value) in fields { line += " \(key.logKey)=\(value.logText.logValue)" }
        return line
    }

    /// For machines: a JSON object with `ts`, `level`, `message`, then the metadata as members of their own. Metadata under one
    /// of these three names becomes `metadata.ts` and so on: a member is never there twice.
    private func json(_ event: LogEvent, _ fields: [(key: String, value: Logger.MetadataValue)]) -> String {
        var line = "{\"ts\":\"\(now().rfc3339Milliseconds)\",\"level\":\"\(event.level.rawValue)\",\"message\":"
        line += event.message.description.jsonQuoted
        for (key, value) in fields {
            let isTaken = key == "ts" || key == "level" || key == "message"
            line += ",\((isTaken ? "metadata." + key : key).jsonQuoted):\(LogFields.json(value, of: key))"
        }
        return line + "}"
    }

    /// One field of every event.
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}
