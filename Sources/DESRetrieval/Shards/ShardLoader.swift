import DESBase
import DESShard
import DESStorage

/// Reads of a shard what is needed to look into it, or has it from another process.
struct ShardLoader: Sendable {
    let observer: any RetrievalObserver
    /// For what is read besides the end.
    let memory: ByteGate
    let sharedCache: (any SharedIndexCache)?

    /// - Throws: `StorageError`, `ShardError` when it is damaged, `CancellationError`.
    func load(_ listed: ListedShard, from store: any ObjectStore) async throws -> OpenedShard {
        let handle = try await store.open(listed.object)
        if let directory = await sharedDirectory(of: listed) {
            return OpenedShard(listed: listed, handle: handle, directory: directory)
        }
        return try await load(listed, handle, usesTable: true)
    }

    /// The same shard with its whole index, for when its lookup table turned out to be damaged.
    func loadWithoutTable(_ shard: OpenedShard) async throws -> OpenedShard {
        try await load(shard.listed, shard.handle, usesTable: false)
    }

    private func load(_ listed: ListedShard, _ handle: any ObjectHandle, usesTable: Bool) async throws -> OpenedShard {
        let reader = CountingReader(handle: handle, observer: observer)
        let shard = try await RemoteShard(size: listed.object.size, file: listed.object.key) { range, part in
            try await reader.read(range, StoreReadKind(part))
        }
        let loaded = try await shard.load(usesTable: usesTable, memory: memory)
        let isSuspect = loaded.isSuspect || !usesTable
        // Others are to find the damage themselves.
        if !isSuspect {
            await sharedCache?.keep(loaded.bytes.encoded(indexSize: shard.tail.indexSize), key: sharedKey(listed))
        }
        return OpenedShard(listed: listed, handle: handle, directory: loaded.directory, isSuspect: isSuspect)
    }

    private func sharedDirectory(of listed: ListedShard) async -> RemoteShard.Directory? {
        guard let sharedCache else { return nil }
        let bytes = await sharedCache.value(of: sharedKey(listed)).flatMap { DirectoryBytes(decoding: $0) }
        // What cannot be used is as good as not there.
        let directory = try? bytes?.directory(fileSize: listed.object.size, file: listed.object.key)
        observer.indexLookup(.shared, isHit: directory != nil)
        return directory
    }

    private func sharedKey(_ listed: ListedShard) -> String { "des:index:\(listed.id)" }
}

extension StoreReadKind {
    fileprivate init(_ part: RemoteShard.Part) {
        self =
            switch part {
            case .header: .header
            case .tail: .tail
            case .index: .index
            }
    }
}
