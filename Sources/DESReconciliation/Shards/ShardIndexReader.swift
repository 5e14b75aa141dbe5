import DESShard
import DESStorage

/// What reading the index of a shard came to.
enum IndexRead: Sendable {
    case index(ShardIndex)
    /// It is so large that one at a time is read.
    case large(RemoteShard)
    /// There is no such shard any more.
    case gone
    /// It is unknown what the shard holds: why.
    case unreadable(String)
}

/// Reads the indexes of shards in a store, several ahead.
struct ShardIndexReader: Sendable {
    let context: ReconciliationContext

    /// How many are read at once.
    static let ahead = 8
    /// From this size on, in bytes, an index is read by itself.
    private static let largeSize: UInt64 = 4 << 20
    /// What claims to be larger is not read.
    private static let largestSize: UInt64 = 1 << 30

    private var store: any ObjectStore { context.world.store }

    /// Hands the shards to the body, one at a time, as they are read.
    func forEach(
        _ shards: [SpooledShard], _ body: (SpooledShard, IndexRead) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: (SpooledShard, IndexRead).self) { group in
            var rest = shards[...]
            func addNext() {
                guard let shard = rest.popFirst() else { return }
                group.addTask { (shard, try await open(shard.key)) }
            }
            for _ in 0..<Self.ahead { addNext() }
            while let (shard, read) = try await group.next() {
                addNext()
                if case .large(let large) = read {
                    try await body(shard, try await complete(large, shard.key))
                } else {
                    try await body(shard, read)
                }
            }
        }
    }

    /// The index of one shard.
    func read(_ key: String) async throws -> IndexRead {
        let read = try await open(key)
        guard case .large(let large) = read else { return read }
        return try await complete(large, key)
    }

    private func open(_ key: String) async throws -> IndexRead {
        try await attempt(key) {
            let (bytes, size) = try await store.readTail(key, count: ShardTail.size)
            let header = size > UInt64(bytes.count) ? try await store.read(key, range: ShardTail.header) : nil
            let shard = try RemoteShard(end: bytes, header: header, size: size, file: key) { range, _ in
                try await store.read(key, range: range)
            }
            guard shard.tail.indexSize <= Self.largestSize else {
                return .unreadable("its index of \(shard.tail.indexSize) bytes is larger than what is read")
            }
            guard shard.tail.indexSize <= Self.largeSize else { return .large(shard) }
            return .index(try await shard.index())
        }
    }

    private func complete(_ shard: RemoteShard, _ key: String) async throws -> IndexRead {
        try await attempt(key) { .index(try await shard.index()) }
    }

    private func attempt(
        _ key: String, _ body: @Sendable () async throws -> IndexRead
    ) async throws -> IndexRead {
        do {
            return try await context.retrying(body)
        } catch let error as StorageError {
            if error.code == .notFound, try await isGone(key) { return .gone }
            return .unreadable("\(error)")
        } catch let error as ShardError {
            return .unreadable(error.message)
        }
    }

    /// False if it is unknown.
    private func isGone(_ key: String) async throws -> Bool {
        do {
            return try await context.retrying { try await store.attributes(of: key) == nil }
        } catch is StorageError {
            return false
        }
    }
}
