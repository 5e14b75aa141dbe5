import DESBase
import DESShard
import DESStorage

/// A real store with faults in it.
struct PipelineFaultyStore: ObjectStore {
    let real: any ObjectStore
    let faults: PipelineFaults
    var code = StorageError.Code.failed
    /// Changes what publishing shards is answered.
    var answer: @Sendable ([Result<PublishOutcome, StorageError>]) -> [Result<PublishOutcome, StorageError>] = { $0 }

    var name: String { real.name }

    var localFolder: String? { real.localFolder }

    private func error(_ key: String) -> StorageError {
        StorageError(code, key: key, isTransient: faults.isPassing, "the store did not answer for \(key)")
    }

    func publish(_ files: [StagedFile]) async -> [Result<PublishOutcome, StorageError>] {
        var outcomes: [Result<PublishOutcome, StorageError>] = []
        for file in files {
            // The store's mark has tests of its own.
            guard file.key != StoreMark.key else {
                outcomes += await real.publish([file])
                continue
            }
            if faults.strike(.publishBefore) {
                outcomes.append(.failure(error(file.key)))
                continue
            }
            outcomes += await real.publish([file])
            if faults.strike(.publishAfter) { outcomes[outcomes.count - 1] = .failure(error(file.key)) }
        }
        return files.contains { $0.key == StoreMark.key } ? outcomes : answer(outcomes)
    }

    func open(_ object: ObjectAttributes) async throws(StorageError) -> any ObjectHandle {
        try await real.open(object)
    }

    func attributes(of key: String) async throws(StorageError) -> ObjectAttributes? {
        if key != StoreMark.key, faults.strike(.attributes) { throw error(key) }
        return try await real.attributes(of: key)
    }

    func checksum(of key: String) async throws(StorageError) -> CRC32 { try await real.checksum(of: key) }

    func read(_ key: String) async throws(StorageError) -> [UInt8] { try await real.read(key) }

    func read(_ key: String, range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
        try await real.read(key, range: range)
    }

    func readTail(_ key: String, count: Int) async throws(StorageError) -> (bytes: [UInt8], size: UInt64) {
        try await real.readTail(key, count: count)
    }

    func list(prefix: String, after: String?, limit: Int) async throws(StorageError) -> ObjectPage {
        try await real.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: String) async throws(StorageError) { try await real.delete(key) }
}
