import ArgumentParser
import DESSystem

/// Runs the body of a toolbox command, which reads files and blocks, off the cooperative pool.
enum ToolRun {
    /// - Throws: the exit code that the body threw, or 1 after printing what else it threw.
    static func run(_ body: @escaping @Sendable () throws -> Void) async throws {
        do {
            try await ThreadPool(name: "des-tool", count: 1).run(body)
        } catch let code as ExitCode {
            throw code
        } catch {
            Console.error("\(error)")
            throw ExitStatus.fatal
        }
    }
}
