package import DESBase
package import Logging

/// Log lines for machines: one JSON object a line with `ts`, `level`, `message`, then the metadata as members of their own.
///
/// Metadata under one of these three names becomes `metadata.ts` and so on: a member is never there twice.
package struct JSONLogHandler: LogHandler {
    /// Events below it are not written.
    package var logLevel: Logger.Level
    /// Fields of every event.
    package var metadata: Logger.Metadata = [:]
    /// Fields of the current task.
    package var metadataProvider: Logger.MetadataProvider?

    private let sink: any LineSink
    private let now: @Sendable () -> Timestamp

    /// Makes a handler.
    ///
    /// - Parameters:
    ///   - level: events below it are not written.
    ///   - sink: where lines go.
    ///   - now: the clock.
    package init(
        level: Logger.Level = .info, sink: any LineSink, now: @escaping @Sendable () -> Timestamp = Timestamp.now
    ) {
        self.logLevel = level
        self.sink = sink
        self.now = now
    }

    /// Writes one event.
    package func log(event: LogEvent) {
        var line = "{\"ts\":\"\(now().rfc3339Milliseconds)\",\"level\":\"\(event.level.rawValue)\",\"message\":"
        line += event.message.description.jsonQuoted
        for (key, value) in LogFields.merged(provider: metadataProvider, handler: metadata, event: event) {
            let isTaken = key == "ts" || key == "level" || key == "message"
            line += ",\((isTaken ? "metadata." + key : key).jsonQuoted):\(LogFields.json(value, of: key))"
        }
        line += "}"
        sink.write(line: line)
    }

    /// One field of every event.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}
