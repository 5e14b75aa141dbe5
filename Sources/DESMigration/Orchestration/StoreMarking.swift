import DESBase
import DESRouting
import DESStorage

/// Gives a store its mark, unless it has one.
struct StoreMarking: Sendable {
    private static let file = "\(StagingFolder.bigFilePrefix)0\(StagingFolder.openSuffix)"

    let store: any ObjectStore
    let staging: StagingFolder
    let bits: ShardBits
    let threads: ThreadPool
    let random: @Sendable () -> any RandomNumberGenerator

    /// The mark of the store, whoever made it.
    func mark() async throws -> StoreMark {
        if let mark = try await store.mark() { return mark }
        var generator = random()
        let name = [generator.next(), generator.next()].map { (number: UInt64) in String(number, radix: 36) }.joined()
        let text = StoreMark(name: name, bits: bits.count).text
        // A name that the next start throws away, whatever happens.
        let path = "\(staging.path)/\(Self.file)"
        try await threads.run { [staging] in
            try staging.files.remove(path)
            let file = try staging.files.create(path)
            try Array(text.utf8).withUnsafeBytes { try file.write($0) }
            try file.synchronize()
        }
        let staged = StagedFile(path: path, key: StoreMark.key, size: UInt64(text.utf8.count))
        let outcome = await store.publish([staged]).first
        try await threads.run { [staging] in try staging.files.remove(path) }
        // Somebody else may have been first.
        if let mark = try await store.mark() { return mark }
        if case .failure(let error) = outcome {
            throw StorageError(
                error.code, key: StoreMark.key, isTransient: error.isTransient,
                "DES cannot write to the output \(store.name): \(error)")
        }
        throw StorageError(.failed, key: StoreMark.key, "\(store.name) does not show what was just written to it")
    }
}
