import DESConfiguration
import DESCoordinationPostgres
import Foundation

/// What `--status` and `--retry-set-aside` do.
struct WorkInspection {
    let configuration: MigrationConfiguration
    let printsJSON: Bool

    /// - Throws: ``CommandProblem`` without a section `workers`, `CoordinationError`.
    func printStatus() async throws {
        let board = try board()
        let status = try await board.status()
        await board.close()
        try Console.out(printsJSON ? try JSONOutput.snakeCaseText(status) : WorkStatusText.text(status))
    }

    /// Lets units that were set aside be tried again, and says how many.
    func retrySetAside() async throws {
        let board = try board()
        let count = try await board.retrySetAside()
        await board.close()
        try Console.out(
            printsJSON
                ? "{\"units\":\(count)}" : "\(count.counted("unit")) of work will be tried again by the next worker")
    }

    private func board() throws -> PostgresUnitBoard {
        guard let workers = configuration.workers else {
            throw CommandProblem("the configuration has no section workers: this process works alone")
        }
        return PostgresUnitBoard(workers, of: configuration, workerID: nil)
    }
}

/// Something that a command cannot do.
struct CommandProblem: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

extension PostgresUnitBoard {
    /// The board that a configuration names.
    ///
    /// - Parameter workerID: nil: host name and process number.
    convenience init(_ workers: WorkersConfiguration, of configuration: MigrationConfiguration, workerID: String?) {
        let connection = if case .postgresql(let connection) = workers.coordinationURL { connection } else { "" }
        let process = ProcessInfo.processInfo
        self.init(
            connection, job: workers.job ?? configuration.database.tableName,
            worker: workerID ?? "\(process.hostName)-\(process.processIdentifier)",
            lease: .seconds(workers.leaseSeconds), maximumAttempts: workers.maxAttempts,
            planAge: .seconds(workers.planAgeSeconds))
    }
}
