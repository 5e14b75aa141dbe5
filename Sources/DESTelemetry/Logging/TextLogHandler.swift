package import DESBase
package import Logging

/// Log lines for people: `2026-01-02T03:04:05.678Z INFO  message key=value`.
///
/// A value that is not one plain word is quoted, with JSON's escapes. Whatever a message or value holds, it is one line.
package struct TextLogHandler: LogHandler {
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
        var line = now().rfc3339Milliseconds
        line += " "
        line += event.level.columnText
        line += " "
        line += event.message.description.escapedForOneLine
        for (key, value) in LogFields.merged(provider: metadataProvider, handler: metadata, event: event) {
            line += " \(key.logKey)=\(value.logText.logValue)"
        }
        sink.write(line: line)
    }

    /// One field of every event.
    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}
