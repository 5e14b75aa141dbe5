import DESBase
import DESCatalog
import DESStorage
import Logging

/// What all steps of a reconciliation share.
struct ReconciliationContext: Sendable {
    let world: ReconciliationWorld
    let settings: ReconciliationSettings
    let spool: Spool
    let book: FindingBook
    let parts: StoreParts
    /// Sealed shards in staging: the next des-migrate settles their rows.
    let staged: Set<ByteString>
    let logger: Logger
    /// Seconds since 1970, when the reconciliation began.
    let start: Int64

    /// Whether something of that time, in seconds since 1970, cannot belong to a running migration. Unknown is not.
    func isOld(_ modifiedAt: Int64?) -> Bool {
        guard let modifiedAt else { return false }
        return start - modifiedAt >= settings.minimumAge.components.seconds
    }

    /// Repeats what fails for a passing reason.
    func retrying<Value: Sendable>(_ operation: @Sendable () async throws -> Value) async throws -> Value {
        try await world.retryPolicy.retrying(
            clock: world.clock,
            onRetry: { error, delay in logger.warning("\(error); trying again", metadata: ["in": "\(delay)"]) },
            operation)
    }
}
