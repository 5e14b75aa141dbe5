import DESBase
import DESMigration
import DESTestSupport
import Foundation

/// Every kind of sources, each of which keeps what ``SourceFiles`` promises.
enum SourceKind: CaseIterable, Sendable {
    case folder, bucket
    /// A folder or a bucket, behind what looks where a location leads.
    case routedFolder, routedBucket
    /// A folder or a bucket, behind what refuses relative locations.
    case absoluteFolder, absoluteBucket

    fileprivate var isFolder: Bool { [.folder, .routedFolder, .absoluteFolder].contains(self) }
}

/// Sources of a kind in a place of their own.
final class ConformingSources: Sendable {
    let files: any SourceFiles
    private let folder: TemporaryFolder
    private let bucket: S3SourceFixture?

    init(_ kind: SourceKind) throws {
        folder = try TemporaryFolder()
        bucket = kind.isFolder ? nil : try S3SourceFixture()
        // A second later, so that no file that was just made may have changed unseen.
        let local = try LocalSourceFiles(watch: ChangeWatch { FileClock.now() + 1_000_000_000 })
        let remote = try bucket?.files()
        let real: any SourceFiles = if let remote { remote } else { local }
        files =
            switch kind {
            case .folder, .bucket: real
            case .routedFolder, .routedBucket: RoutedSourceFiles(local: local, s3: remote)
            case .absoluteFolder, .absoluteBucket: AbsoluteSourceFiles(real)
            }
    }

    func location(_ name: String) -> String { bucket?.location(name) ?? folder(name) }

    /// Makes a source, or puts another in the place of the one that is there.
    @discardableResult
    func put(_ name: String, _ bytes: [UInt8]) async throws -> String {
        if let bucket { return try await bucket.put(bytes, name) }
        try Data(bytes).write(to: URL(filePath: folder(name)), options: .atomic)
        return folder(name)
    }

    func names() async throws -> Set<String> { try await bucket?.names() ?? Set(folder.names()) }
}
