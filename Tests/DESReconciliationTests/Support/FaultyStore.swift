import DESBase
import DESShard
import DESStorage
import Synchronization

/// A real store whose calls fail where a test says so, or that something happens in between.
struct FaultyStore: ObjectStore, UnfinishedUploads {
    let real: any ObjectStore
    /// Called before each call with its name and key; throws to let it fail.
    var before: @Sendable (String, String) throws(StorageError) -> Void = { (_, _) throws(StorageError) in }
    var uploads = Uploads()

    final class Uploads: Sendable {
        let all = Mutex<[UnfinishedUpload]>([])
    }

    var name: String { real.name }
    var localFolder: String? { real.localFolder }

    func publish(_ files: [StagedFile]) async -> [Result<PublishOutcome, StorageError>] { await real.publish(files) }

    func open(_ object: ObjectAttributes) async throws(StorageError) -> any ObjectHandle {
        try await real.open(object)
    }

    func attributes(of key: String) async throws(StorageError) -> ObjectAttributes? {
        try before("attributes", key)
        return try await real.attributes(of: key)
    }

    func checksum(of key: String) async throws(StorageError) -> CRC32 { try await real.checksum(of: key) }

    func read(_ key: String) async throws(StorageError) -> [UInt8] {
        try before("read", key)
        return try await real.read(key)
    }

    func read(_ key: String, range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
        try before("read", key)
        return try await real.read(key, range: range)
    }

    func readTail(_ key: String, count: Int) async throws(StorageError) -> (bytes: [UInt8], size: UInt64) {
        try before("readTail", key)
        return try await real.readTail(key, count: count)
    }

    func list(prefix: String, after: String?, limit: Int) async throws(StorageError) -> ObjectPage {
        try before("list", prefix)
        return try await real.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: String) async throws(StorageError) {
        try before("delete", key)
        try await real.delete(key)
    }

    func unfinishedUploads(
        after marker: String?
    ) async throws(StorageError) -> (uploads: [UnfinishedUpload], next: String?) {
        let all = uploads.all.withLock { $0 }
        // One a page.
        let position = all.firstIndex { $0.id == marker }.map { $0 + 1 } ?? 0
        guard position < all.count else { return ([], nil) }
        return ([all[position]], position + 1 < all.count ? all[position].id : nil)
    }

    func abort(_ upload: UnfinishedUpload) async throws(StorageError) {
        try before("abort", upload.key)
        uploads.all.withLock { $0.removeAll { $0 == upload } }
    }
}
