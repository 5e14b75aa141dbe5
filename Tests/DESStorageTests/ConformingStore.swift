import DESBase
import DESRouting
import DESStorage
import DESTestSupport
import Testing

/// Every kind of store, each of which keeps what ``ObjectStore`` and ``ObjectHandle`` promise.
enum StoreKind: CaseIterable, Sendable {
    /// A folder that shares its file system with staging, to which files are linked.
    case folder
    /// A folder on another file system than staging, to which files are copied.
    case farFolder
    /// Two folders.
    case zones
    /// A prefix of a bucket.
    case bucket

    /// Those that this machine can have.
    static let possible = allCases.filter { $0 != .farFolder || TemporaryFolder.Place.otherFileSystem != nil }
}

/// An empty store of a kind, and a folder for staged files.
final class ConformingStore {
    let store: any ObjectStore
    private let staging: TemporaryFolder
    private let folder: TemporaryFolder
    private let bucket: S3Fixture?
    private var staged = 0

    init(_ kind: StoreKind) throws {
        staging = try TemporaryFolder(in: kind == .farFolder ? TemporaryFolder.Place.otherFileSystem ?? .disk : .disk)
        folder = try TemporaryFolder()
        let threads = ThreadPool(name: "des-test", count: 2)
        bucket = kind == .bucket ? try S3Fixture() : nil
        switch kind {
        case .folder, .farFolder: store = DirectoryStore(root: folder.path, threads: threads)
        case .zones:
            let map = try ZoneMap(
                [.init(name: "low", shards: 0...0x7F), .init(name: "high", shards: 0x80...0xFF)], bits: .standard)
            var zones: [String: any ObjectStore] = [:]
            for name in ["low", "high"] {
                zones[name] = DirectoryStore(root: try folder.folder(name), threads: threads)
            }
            store = try #require(ZonedStore(map, stores: zones))
        case .bucket: store = try #require(try bucket?.store())
        }
    }

    /// A file in staging.
    func stage(_ key: String, _ bytes: [UInt8]) throws -> StagedFile {
        staged += 1
        return StagedFile(
            path: try staging.write("\(staged)", bytes), key: key, size: UInt64(bytes.count))
    }

    /// A file that is said to be in staging and is not.
    func missing(_ key: String) -> StagedFile { StagedFile(path: staging("none"), key: key, size: 5) }

    @discardableResult
    func publish(_ key: String, _ bytes: [UInt8]) async throws -> PublishOutcome {
        try #require(await store.publish([stage(key, bytes)]).first).get()
    }

    func publish(_ key: String, _ text: String) async throws { try await publish(key, Array(text.utf8)) }

    /// All objects, by pages of that many.
    func list(prefix: String = "", after: String? = nil, limit: Int = 1000) async throws -> [ObjectAttributes] {
        var (objects, after): ([ObjectAttributes], String?) = ([], after)
        repeat {
            let page = try await store.list(prefix: prefix, after: after, limit: limit)
            #expect(page.objects.count <= limit)
            objects += page.objects
            after = page.next
        } while after != nil
        return objects
    }

    func keys(prefix: String = "", after: String? = nil, limit: Int = 1000) async throws -> [ByteString] {
        try await list(prefix: prefix, after: after, limit: limit).map { ByteString($0.key) }
    }

    /// What lies about that no list of objects shows: copies, uploads that are not finished, notes of these.
    func litter() async throws -> [String] {
        if let bucket, let store = store as? S3Store {
            let noted = try bucket.folder.names().contains("uploads") ? bucket.folder.names(in: "uploads") : []
            return noted + (try await store.unfinishedUploads(after: nil).uploads.map(\.key))
        }
        func hidden(in name: String) throws -> [String] {
            try folder.names(in: name).flatMap { entry -> [String] in
                let path = name.isEmpty ? entry : "\(name)/\(entry)"
                if try FileSystem.status(folder(path))?.kind == .directory { return try hidden(in: path) }
                return entry.hasPrefix(".") ? [path] : []
            }
        }
        return try hidden(in: "")
    }
}
