import DESBase
import DESMigration
import DESShard
import DESStorage

/// Reads the file of an entry back from the store, and checks it.
struct EntryVerification: Sendable {
    let context: ReconciliationContext

    /// Larger files are not kept inside of a shard.
    private static let largestInline: UInt64 = 1 << 30

    /// What the entry holds, if it is whole.
    ///
    /// - Throws: ``EntryProblem`` if it is not, `StorageError`.
    func content(of entry: ShardEntry, in shard: String) async throws -> EntryContent {
        guard entry.meta.crc32 != nil else { throw EntryProblem("the entry has no checksum") }
        do {
            switch entry.content {
            case .inline(let offset, let storedSize, _, let size):
                guard max(storedSize, size) <= Self.largestInline else {
                    throw EntryProblem("the entry is too large to be checked")
                }
                let store = context.world.store
                let stored = try await context.retrying {
                    try await store.read(shard, range: offset..<(offset + storedSize))
                }
                let input = ByteBuffer(capacity: stored.count)
                stored.withUnsafeBytes { input.append($0) }
                let output = ByteBuffer(capacity: Int(min(size, 16 << 20)))
                try PayloadDecoder().decode(entry, stored: input.bytes, file: shard, into: output)
                return .bytes(output)
            case .bigFile(let hash, let size):
                try await checkBigFile(entry, hash, size, shard)
                return .bigFile(sha256: hash, size: size)
            }
        } catch let error as ShardError {
            throw EntryProblem(error.message)
        }
    }

    private func checkBigFile(_ entry: ShardEntry, _ sha256: String, _ size: UInt64, _ shard: String) async throws {
        let key = "\(context.settings.bigFilesPrefix)/\(sha256)"
        let store = context.world.store.part(of: shard)
        let attributes = try await context.retrying { try await store.attributes(of: key) }
        guard attributes?.size == size else {
            throw EntryProblem("its big file \(key) is not there, or has another size")
        }
        let problem = try await BigFileProof.problem(sha256: sha256, size: size, crc32: entry.meta.crc32) { range in
            try await context.retrying { try await store.read(key, range: range) }
        }
        if let problem { throw EntryProblem("its big file \(key) is damaged: \(problem)") }
    }
}

/// An entry is not whole.
struct EntryProblem: Error {
    let message: String

    init(_ message: String) { self.message = message }
}
