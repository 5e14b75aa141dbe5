import DESCatalog
import DESODBC

/// A connection to the user's database; what it throws is a ``CatalogError``.
struct ODBCCatalogConnection: Sendable {
    private let connection: ODBCConnection
    private let place: String

    init(_ source: ODBCSource, _ purpose: ODBCSessionPurpose, _ settings: ODBCCatalogSettings) {
        place = source.description
        connection = ODBCConnection(
            settings: ODBCConnectionSettings(
                loginTimeout: settings.loginTimeout, statementTimeout: settings.statementTimeout,
                idleBeforeTrial: min(.seconds(5), settings.idleTransactionTimeout / 2)),
            source: { try source.connectionString() },
            prepareSession: { (session) throws(ODBCError) in
                for statement in SQLDialect.of(session).sessionStatements(purpose, settings) {
                    try session.execute(statement)
                }
            })
    }

    /// Runs the body with the session, outside of a transaction.
    ///
    /// - Parameter what: what fails if it fails, as in "cannot count the pending rows".
    /// - Throws: ``CatalogError``, or `CancellationError` if the task is cancelled; a statement that runs is cancelled.
    func run<Result: Sendable>(
        _ what: String, advice: @escaping @Sendable (ODBCError.Kind) -> String? = { _ in nil },
        _ body: @escaping @Sendable (ODBCSession) throws -> Result
    ) async throws -> Result {
        do {
            return try await connection.run(body)
        } catch let error as ODBCError {
            throw CatalogError(error, what: what, place: place, advice: advice(error.kind))
        } catch is ODBCConnection.Closed {
            throw CatalogError(
                code: .closed, what: "cannot use the catalog", place: place, reason: "it has been closed")
        }
    }

    /// Prepares statements anew from now on, for tables that may have changed; what runs is awaited.
    func forgetStatements() async { await connection.forgetStatements() }

    /// Closes the connection; what runs is awaited. Later calls throw.
    func close() async { await connection.close() }
}
