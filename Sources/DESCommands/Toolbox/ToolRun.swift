import ArgumentParser
import DESBase

/// What a toolbox command works with besides its arguments.
struct ToolSurroundings: Sendable {
    var opening = PlaceOpening.standard
    var console = ToolConsole.standard
}

/// A toolbox command, which can be run in other surroundings than the real ones.
protocol ToolCommand: AsyncParsableCommand {
    func run(in surroundings: ToolSurroundings) async throws
}

/// Runs the body of a toolbox command, which reads files and blocks, off the cooperative pool.
enum ToolRun {
    /// One for the body, the others for what is fetched ahead of it.
    private static let threadCount = 4

    /// - Throws: the exit code that the body threw, or 1 after printing what else it threw.
    static func run(
        _ surroundings: ToolSurroundings, _ body: @Sendable (ToolSurroundings) async throws -> Void
    ) async throws {
        do {
            try await withTaskExecutorPreference(ThreadPool(name: "des-tool", count: threadCount)) {
                try await body(surroundings)
            }
        } catch let code as ExitCode {
            throw code
        } catch {
            surroundings.console.error("\(error)")
            throw ExitStatus.fatal
        }
    }
}
