import DESConfiguration
import DESRouting
import DESS3
import DESStorage
import Logging
import Synchronization

/// Stores for places that a command line names; everything about the service that `s3://bucket/prefix` does not say comes from
/// the standard `AWS_*` variables and files.
enum S3Places {
    /// - Parameter tell: told why it takes longer, once.
    /// - Throws: `PlaceError` if the text names no bucket; ``S3AccessError``.
    static func store(_ place: String, tell: @escaping @Sendable (String) -> Void) async throws -> any ObjectStore {
        guard case .s3(let bucket, let prefix) = Place(place) else {
            throw PlaceError(message: "cannot read \(place): expected s3://bucket/prefix")
        }
        let access = S3Access(logger: Logger(label: "des") { _ in SwiftLogNoOpLogHandler() })
        let notice = RetryNotice(tell: tell)
        // Nothing is written, so there is no staging.
        return try await access.store(
            S3StorageConfiguration(bucket: bucket, prefix: prefix), bits: .standard, staging: "",
            onEvent: { notice.heard($0) })
    }
}

/// Tells the first time that something has to be tried again, so that nobody waits without knowing for what.
private final class RetryNotice: Sendable {
    private let tell: @Sendable (String) -> Void
    private let isTold = Mutex(false)

    init(tell: @escaping @Sendable (String) -> Void) { self.tell = tell }

    func heard(_ event: S3Event) {
        guard case .retrying(let error, _) = event else { return }
        let isFirst = isTold.withLock { isTold in
            defer { isTold = true }
            return !isTold
        }
        if isFirst { tell("\(error); it is tried again for up to two minutes") }
    }
}
