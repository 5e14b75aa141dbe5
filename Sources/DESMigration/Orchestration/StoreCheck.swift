import DESStorage
import DESSystem

/// A random name that a store is given when the first worker uses it: by it workers notice that they publish to different
/// places, for example because a share is not mounted, before one of them takes the shards of another for missing.
struct StoreIdentity: Sendable {
    /// The object that holds it.
    static let key = "_desStore"

    private static let file = "bigfile-0.open"

    let store: any ObjectStore
    let staging: StagingFolder
    let threads: ThreadPool
    let random: @Sendable () -> any RandomNumberGenerator

    /// Reads it, and makes it if there is none.
    func read() async throws -> String {
        if let identity = try await existing() { return identity }
        var generator = random()
        let text = [generator.next(), generator.next()].map { (number: UInt64) in String(number, radix: 36) }.joined()
        // A name that the next start throws away, whatever happens.
        let path = "\(staging.path)/\(Self.file)"
        try await threads.run { [staging] in
            try staging.files.remove(path)
            let file = try staging.files.create(path)
            try Array(text.utf8).withUnsafeBytes { try file.write($0) }
            try file.synchronize()
        }
        let outcome = await store.publish([StagedFile(path: path, key: Self.key, size: UInt64(text.utf8.count))]).first
        try await threads.run { [staging] in try staging.files.remove(path) }
        // Another worker may have been first.
        if let identity = try await existing() { return identity }
        _ = try outcome?.get()
        throw StorageError(.failed, key: Self.key, "\(store.name) does not show what was just written to it")
    }

    private func existing() async throws -> String? {
        guard try await store.attributes(of: Self.key) != nil else { return nil }
        return String(decoding: try await store.read(Self.key), as: UTF8.self)
    }
}
