import DESTelemetry

/// Where a toolbox command writes.
struct ToolConsole: Sendable {
    /// Writes bytes of the result as they are; throws when they cannot be written.
    let write: @Sendable (UnsafeRawBufferPointer) throws -> Void
    /// Writes a message and a line end.
    let error: @Sendable (String) -> Void
    /// Whether the result goes to a person's terminal.
    var isTerminal = false
    /// Shows how far the command is; nil: nobody looks.
    var progress: ProgressLine?

    /// Standard output and standard error.
    static let standard: ToolConsole = {
        let (sink, isTerminal) = (ConsoleSink(), Console.isTerminal)
        return ToolConsole(
            write: {
                // The next update shows it again, below.
                if isTerminal { sink.showProgress("") }
                try Console.out($0)
            }, error: { sink.write(line: $0) }, isTerminal: isTerminal,
            progress: ProgressLine(sink: sink) { sink.write(line: $0) })
    }()

    /// Writes a result and a line end; throws when it cannot be written.
    func out(_ text: String) throws {
        var line = text + "\n"
        try line.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
    }
}
