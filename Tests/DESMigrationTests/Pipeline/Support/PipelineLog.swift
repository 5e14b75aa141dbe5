import Logging
import Synchronization

/// Keeps what is logged, as one text an event, and tells somebody of each.
final class PipelineLog: Sendable {
    private let kept = Mutex<[String]>([])
    private let onLine: @Sendable (String) -> Void

    init(onLine: @escaping @Sendable (String) -> Void = { _ in }) { self.onLine = onLine }

    /// Level, message and fields of each event.
    var lines: [String] { kept.withLock { $0 } }

    var logger: Logger {
        Logger(label: "pipeline") { _ in Handler(log: self) }
    }

    fileprivate func add(_ line: String) {
        kept.withLock { $0.append(line) }
        onLine(line)
    }

    private struct Handler: LogHandler {
        let log: PipelineLog
        var logLevel = Logger.Level.debug
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
            log.add((["\(event.level) \(event.message)"] + fields).joined(separator: " "))
        }
    }
}
