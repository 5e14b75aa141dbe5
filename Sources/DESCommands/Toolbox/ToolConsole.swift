/// Where a toolbox command writes.
struct ToolConsole: Sendable {
    /// Writes bytes of the result as they are; throws when they cannot be written.
    let write: @Sendable (UnsafeRawBufferPointer) throws -> Void
    /// Writes a message and a line end.
    let error: @Sendable (String) -> Void
    /// Whether the result goes to a person's terminal.
    var isTerminal = false

    /// Standard output and standard error.
    static let standard = ToolConsole(
        write: { try Console.out($0) }, error: { Console.error($0) }, isTerminal: Console.isTerminal)

    /// Writes a result and a line end; throws when it cannot be written.
    func out(_ text: String) throws {
        var line = text + "\n"
        try line.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
    }
}
