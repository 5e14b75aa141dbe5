package import DESBase
package import DESRouting

/// Several stores, each of which holds a range of the shards and the big files of those.
///
/// Keys of shards go to the zone of their number; other keys, which belong to the whole, to the first zone.
package struct ZonedStore: ObjectStore {
    private let map: ZoneMap
    /// Parallel to the zones of the map.
    private let stores: [any ObjectStore]

    /// - Parameter stores: by the names of the zones.
    /// - Returns: nil if a zone has no store.
    package init?(_ map: ZoneMap, stores: [String: any ObjectStore]) {
        let found = map.zones.compactMap { stores[$0.name] }
        guard found.count == map.zones.count, !found.isEmpty else { return nil }
        self.map = map
        self.stores = found
    }

    package var name: String { stores.map(\.name).joined(separator: ", ") }

    package var localFolder: String? { nil }

    package func prepare() async throws(StorageError) {
        for store in stores { try await store.prepare() }
    }

    package func part(of shard: String) -> any ObjectStore {
        (try? position(of: shard)).map { stores[$0] } ?? stores[0]
    }

    package var isDivided: Bool { true }

    package func parts(of key: ShardKey) throws(StorageError) -> [any ObjectStore] { try stores(of: key.namePrefix) }

    package func publish(_ files: [StagedFile]) async -> [Result<PublishOutcome, StorageError>] {
        var outcomes: [Result<PublishOutcome, StorageError>?] = Array(repeating: nil, count: files.count)
        var groups: [Int: [Int]] = [:]
        for (number, file) in files.enumerated() {
            do throws(StorageError) {
                groups[try position(of: file.key), default: []].append(number)
            } catch { outcomes[number] = .failure(error) }
        }
        await withTaskGroup(of: ([Int], [Result<PublishOutcome, StorageError>]).self) { group in
            for (position, numbers) in groups {
                group.addTask { [stores] in (numbers, await stores[position].publish(numbers.map { files[$0] })) }
            }
            for await (numbers, results) in group {
                for (number, result) in zip(numbers, results) { outcomes[number] = result }
            }
        }
        return zip(files, outcomes).map { file, outcome in
            outcome ?? .failure(StorageError(.failed, key: file.key, "\(file.key) was not published"))
        }
    }

    package func attributes(of key: String) async throws(StorageError) -> ObjectAttributes? {
        try await found(key)?.attributes
    }

    package func open(_ object: ObjectAttributes) async throws(StorageError) -> any ObjectHandle {
        guard let zone = try await found(object.key)?.store else { return try await store(of: object.key).open(object) }
        return try await zone.open(object)
    }

    /// An object in the zone where it lies.
    private func found(
        _ key: String
    ) async throws(StorageError) -> (store: any ObjectStore, attributes: ObjectAttributes)? {
        for store in try stores(of: key) {
            if let attributes = try await store.attributes(of: key) { return (store, attributes) }
        }
        return nil
    }

    package func checksum(of key: String) async throws(StorageError) -> CRC32 {
        try await first(of: key) { store throws(StorageError) in try await store.checksum(of: key) }
    }

    package func read(_ key: String) async throws(StorageError) -> [UInt8] {
        try await first(of: key) { store throws(StorageError) in try await store.read(key) }
    }

    package func read(_ key: String, range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
        try await first(of: key) { store throws(StorageError) in try await store.read(key, range: range) }
    }

    package func readTail(_ key: String, count: Int) async throws(StorageError) -> (bytes: [UInt8], size: UInt64) {
        try await first(of: key) { store throws(StorageError) in try await store.readTail(key, count: count) }
    }

    /// What was published before the borders of the zones were moved lies in another zone than its number says: it is found there.
    private func first<Value: Sendable>(
        of key: String, _ body: (any ObjectStore) async throws(StorageError) -> Value
    ) async throws(StorageError) -> Value {
        var missing: StorageError?
        for store in try stores(of: key) {
            do throws(StorageError) { return try await body(store) } catch {
                guard error.code == .notFound else { throw error }
                missing = missing ?? error
            }
        }
        throw missing ?? StorageError(.notFound, key: key, "no zone has \(key)")
    }

    /// The zone of its number first.
    private func stores(of key: String) throws(StorageError) -> [any ObjectStore] {
        let position = try position(of: key)
        return [stores[position]] + stores.indices.filter { $0 != position }.map { stores[$0] }
    }

    /// The keys of all zones in one order; one that several zones have comes once.
    package func list(prefix: String, after: String?, limit: Int) async throws(StorageError) -> ObjectPage {
        if Self.shardIndex(prefix) != nil {
            return try await store(of: prefix).list(prefix: prefix, after: after, limit: limit)
        }
        var pages: [ObjectPage] = []
        for store in stores { pages.append(try await store.list(prefix: prefix, after: after, limit: limit)) }
        // Behind the last key of a page that is not the last, its zone may have keys that are not known yet.
        let end = pages.compactMap(\.next).min { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        var objects = pages.flatMap(\.objects).sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        if let end { objects.removeAll { end.utf8.lexicographicallyPrecedes($0.key.utf8) } }
        var merged: [ObjectAttributes] = []
        for object in objects where merged.last.map({ !$0.key.utf8.elementsEqual(object.key.utf8) }) ?? true {
            merged.append(object)
        }
        let page = Array(merged.prefix(max(1, limit)))
        return ObjectPage(objects: page, next: page.count < merged.count || end != nil ? page.last?.key : nil)
    }

    package func delete(_ key: String) async throws(StorageError) { try await store(of: key).delete(key) }

    private func store(of key: String) throws(StorageError) -> any ObjectStore { stores[try position(of: key)] }

    private func position(of key: String) throws(StorageError) -> Int {
        guard let index = Self.shardIndex(key) else { return 0 }
        guard let position = map.position(ofShard: index) else {
            throw StorageError(.invalidKey, key: key, "no zone has shard \(index), to which \(key) belongs")
        }
        return position
    }

    /// The number in `YYYYMMDD_HEX_…`; nil if the key is not of that form.
    private static func shardIndex(_ key: String) -> Int? {
        let parts = key.split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, ShardFileName("\(parts[0])_\(parts[1])_0.des") != nil else { return nil }
        return Int(parts[1], radix: 16)
    }
}
