import DESCatalog
import DESPostgres

extension CatalogError {
    /// The failure in the catalog's terms.
    init(_ error: PostgresError) {
        self.init(
            code: Code(error), what: error.what, place: error.place,
            reason: error.message + (error.sqlState.map { " [\($0)]" } ?? ""), advice: error.advice)
    }
}

extension CatalogError.Code {
    init(_ error: PostgresError) {
        self =
            switch error.code {
            case .unreachable, .outOfConnections: .unreachable
            case .cannotConnect, .missingDatabase: .cannotOpen
            case .accessDenied: .accessDenied
            case .locked: .locked
            case .timedOut: .timedOut
            case .diskFull: .diskFull
            case .readOnly: .readOnly
            case .closed: .closed
            default:
                switch error.sqlState {
                case "42P01": .missingTable
                case "42703": .missingColumn
                default: .queryFailed
                }
            }
    }
}

extension PostgresConnection {
    /// As ``run(_:advice:_:)``, with the catalog's errors.
    nonisolated func use<Result: Sendable>(
        _ what: String, advice: String? = nil, _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        do {
            return try await run(what, advice: advice, body)
        } catch let error as PostgresError {
            throw CatalogError(error)
        }
    }
}
