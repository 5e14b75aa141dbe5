import DESStorage
import Foundation

/// How the toolbox gets at places that are not local: what is handed in, so that tests can bring stores of their own.
struct PlaceOpening: Sendable {
    /// Makes the store of `s3://bucket/prefix`, which may be without a prefix and has no `/` at its end. Throws when there can be
    /// no such store, for example without credentials; what is thrown is shown to the user.
    let store: @Sendable (String) async throws -> any ObjectStore
    /// Where copies of what is fetched are kept for a while; nothing of them is ever seen there, and they go with the process.
    let temporaryFolder: String

    /// Real S3, by the environment.
    static let standard = PlaceOpening(
        store: { try await S3Places.store($0, tell: ToolConsole.standard.error) },
        temporaryFolder: ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    )
}
