import DESRouting
import DESStorage
import Logging

/// Stores for places that a command line names; everything about the service that `s3://bucket/prefix` does not say comes from
/// the standard `AWS_*` variables and files.
enum S3Places {
    /// - Throws: `PlaceError` if the text names no bucket; ``S3AccessError``.
    static func store(_ place: String) async throws -> any ObjectStore {
        guard let place = S3Place(place) else {
            throw PlaceError(message: "cannot read \(place): expected s3://bucket/prefix")
        }
        let access = S3Access(logger: Logger(label: "des") { _ in SwiftLogNoOpLogHandler() })
        // Nothing is written, so there is no staging.
        return try await access.store(place.configuration, bits: .standard, staging: "")
    }
}
