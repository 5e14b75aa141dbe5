import DESBase
import DESRouting
import DESStorage

/// A store that notes the names of shards before they appear in it, so that whoever takes over the work finds them.
struct JournaledStore: ObjectStore {
    let base: any ObjectStore
    /// Called with the names of shards; when it throws, nothing is published.
    let note: @Sendable ([String]) async throws(StorageError) -> Void

    var name: String { base.name }
    var localFolder: String? { base.localFolder }

    func publish(_ files: [StagedFile]) async -> [Result<PublishOutcome, StorageError>] {
        // Big files are named by their content: whoever publishes them again publishes the same.
        let shards = files.map(\.key).filter { ShardFileName($0) != nil }
        do {
            if !shards.isEmpty { try await note(shards) }
        } catch {
            return files.map { _ in .failure(error) }
        }
        return await base.publish(files)
    }

    func part(of shard: String) -> any ObjectStore { JournaledStore(base: base.part(of: shard), note: note) }

    func open(_ object: ObjectAttributes) async throws(StorageError) -> any ObjectHandle {
        try await base.open(object)
    }

    func attributes(of key: String) async throws(StorageError) -> ObjectAttributes? {
        try await base.attributes(of: key)
    }

    func checksum(of key: String) async throws(StorageError) -> CRC32 { try await base.checksum(of: key) }

    func read(_ key: String) async throws(StorageError) -> [UInt8] { try await base.read(key) }

    func read(_ key: String, range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
        try await base.read(key, range: range)
    }

    func readTail(_ key: String, count: Int) async throws(StorageError) -> (bytes: [UInt8], size: UInt64) {
        try await base.readTail(key, count: count)
    }

    func list(prefix: String, after: String?, limit: Int) async throws(StorageError) -> ObjectPage {
        try await base.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: String) async throws(StorageError) { try await base.delete(key) }
}
