import DESBase
import DESShard
import DESStorage

/// Reads of a shard what is needed to look into it: its end, and what of the index does not lie there.
struct ShardLoader: Sendable {
    /// Why a shard cannot be looked into.
    enum Failure: Error {
        case storage(StorageError)
        case damaged(ShardError)
        case cancelled
    }

    /// Larger indexes are not read whole if there is a lookup table; bytes.
    private static let largestWholeIndex: UInt64 = 1 << 20

    let observer: any RetrievalObserver
    /// For what is read besides the end.
    let memory: ByteGate
    let sharedCache: (any SharedIndexCache)?

    func load(_ listed: ListedShard, from store: any ObjectStore) async throws(Failure) -> OpenedShard {
        let handle: any ObjectHandle
        do throws(StorageError) { handle = try await store.open(listed.object) } catch { throw .storage(error) }
        if let directory = await sharedDirectory(of: listed) {
            return OpenedShard(listed: listed, handle: handle, directory: directory)
        }
        return try await load(listed, handle, usesTable: true)
    }

    /// The same shard with its whole index, for when its lookup table turned out to be damaged.
    func loadWithoutTable(_ shard: OpenedShard) async throws(Failure) -> OpenedShard {
        try await load(shard.listed, shard.handle, usesTable: false)
    }

    private func load(
        _ listed: ListedShard, _ handle: any ObjectHandle, usesTable: Bool
    ) async throws(Failure) -> OpenedShard {
        let reader = CountingReader(handle: handle, observer: observer)
        let size = listed.object.size
        let end = try await reader.read(size - min(size, UInt64(ShardTail.size))..<size, .tail)
        let tail = try checked { () throws(ShardError) in
            try ShardTail(end, fileSize: size, file: listed.object.key)
        }
        var isSuspect = !usesTable
        if usesTable, tail.indexSize > Self.largestWholeIndex {
            let region = LookupTable.region(indexStart: tail.indexStart)
            if !region.isEmpty {
                let bytes = DirectoryBytes(.table, tail: end, rest: try await reader.read(region, .index))
                if let shard = try await open(bytes, tail, listed, handle, isSuspect: false) { return shard }
                isSuspect = bytes.hasTableMark
            }
        }
        let held: Int
        do { held = try await memory.acquire(tail.missing.count) } catch { throw .cancelled }
        defer { memory.release(held) }
        let front = tail.missing.isEmpty ? [] : try await reader.read(tail.missing, .index)
        guard
            let shard = try await open(
                DirectoryBytes(.index, tail: end, rest: front), tail, listed, handle, isSuspect: isSuspect)
        else { throw .cancelled }
        return shard
    }

    /// Nil if there should be a lookup table and is none.
    private func open(
        _ bytes: DirectoryBytes, _ tail: ShardTail, _ listed: ListedShard, _ handle: any ObjectHandle, isSuspect: Bool
    ) async throws(Failure) -> OpenedShard? {
        let directory: OpenedShard.Directory?
        do throws(ShardError) {
            directory = try bytes.directory(fileSize: tail.fileSize, file: tail.file)
        } catch {
            guard error.code == .ambiguousVersion else { throw .damaged(error) }
            let reader = CountingReader(handle: handle, observer: observer)
            let header = try await reader.read(ShardTail.header, .header)
            directory = try checked { () throws(ShardError) in
                try bytes.directory(fileSize: tail.fileSize, file: tail.file, header: header)
            }
        }
        guard let directory else { return nil }
        // Others are to find the damage themselves.
        if !isSuspect { await sharedCache?.keep(bytes.encoded(indexSize: tail.indexSize), key: sharedKey(listed)) }
        return OpenedShard(listed: listed, handle: handle, directory: directory, isSuspect: isSuspect)
    }

    private func sharedDirectory(of listed: ListedShard) async -> OpenedShard.Directory? {
        guard let sharedCache else { return nil }
        let bytes = await sharedCache.value(of: sharedKey(listed)).flatMap { DirectoryBytes(decoding: $0) }
        // What cannot be used is as good as not there.
        let directory = try? bytes?.directory(fileSize: listed.object.size, file: listed.object.key)
        observer.indexLookup(.shared, isHit: directory != nil)
        return directory
    }

    private func sharedKey(_ listed: ListedShard) -> String { "des:index:\(listed.id)" }

    private func checked<Value>(_ body: () throws(ShardError) -> Value) throws(Failure) -> Value {
        do throws(ShardError) { return try body() } catch { throw .damaged(error) }
    }
}
