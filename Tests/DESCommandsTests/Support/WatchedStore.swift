import DESBase
import DESShard
import DESStorage
import Synchronization

/// A request to a store.
struct StoreRequest: Sendable, Hashable {
    enum Kind: Sendable { case attributes, read, tail, list }

    let kind: Kind
    /// Or the prefix that is listed.
    let key: String
    var range: Range<UInt64>?
}

/// What was asked of stores, and what is to go wrong.
final class StoreWatch: Sendable {
    private struct State {
        var requests: [StoreRequest] = []
        var bytes = 0
        var current = 0
        var most = 0
    }

    private let state = Mutex(State())
    /// Whether a request fails.
    let fails: @Sendable (StoreRequest) -> Bool
    /// Whether half of what was asked for is missing in the answer.
    let cuts: @Sendable (StoreRequest) -> Bool

    init(
        fails: @escaping @Sendable (StoreRequest) -> Bool = { _ in false },
        cuts: @escaping @Sendable (StoreRequest) -> Bool = { _ in false }
    ) {
        self.fails = fails
        self.cuts = cuts
    }

    var requests: [StoreRequest] { state.withLock { $0.requests } }
    /// That were given out, in bytes.
    var bytes: Int { state.withLock { $0.bytes } }
    /// The most requests that were under way at a time.
    var mostAtATime: Int { state.withLock { $0.most } }

    func requests(_ kind: StoreRequest.Kind) -> [StoreRequest] { requests.filter { $0.kind == kind } }

    fileprivate func begin(_ request: StoreRequest) throws(StorageError) {
        state.withLock { state in
            state.requests.append(request)
            state.current += 1
            state.most = max(state.most, state.current)
        }
        if fails(request) {
            end()
            throw StorageError(.failed, key: request.key, isTransient: true, "the network is down")
        }
    }

    fileprivate func end(_ bytes: Int = 0) {
        state.withLock { state in
            state.current -= 1
            state.bytes += bytes
        }
    }
}

/// A store whose requests are counted, and fail when the watch says so.
struct WatchedStore: ObjectStore {
    let base: any ObjectStore
    let watch: StoreWatch

    var name: String { base.name }
    var localFolder: String? { nil }

    func publish(_ files: [StagedFile]) async -> [Result<PublishOutcome, StorageError>] { await base.publish(files) }

    func open(_ object: ObjectAttributes) async throws(StorageError) -> any ObjectHandle {
        try await base.open(object)
    }

    func attributes(of key: String) async throws(StorageError) -> ObjectAttributes? {
        try watch.begin(StoreRequest(kind: .attributes, key: key))
        defer { watch.end() }
        return try await base.attributes(of: key)
    }

    func checksum(of key: String) async throws(StorageError) -> CRC32 { try await base.checksum(of: key) }

    func read(_ key: String) async throws(StorageError) -> [UInt8] { try await base.read(key) }

    func read(_ key: String, range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
        let request = StoreRequest(kind: .read, key: key, range: range)
        try watch.begin(request)
        var bytes: [UInt8] = []
        defer { watch.end(bytes.count) }
        bytes = try await base.read(key, range: range)
        if watch.cuts(request) { bytes.removeLast(bytes.count / 2) }
        return bytes
    }

    func readTail(_ key: String, count: Int) async throws(StorageError) -> (bytes: [UInt8], size: UInt64) {
        let request = StoreRequest(kind: .tail, key: key)
        try watch.begin(request)
        var tail: (bytes: [UInt8], size: UInt64) = ([], 0)
        defer { watch.end(tail.bytes.count) }
        tail = try await base.readTail(key, count: count)
        if watch.cuts(request) { tail.bytes.removeFirst(tail.bytes.count / 2) }
        return tail
    }

    func list(prefix: String, after: String?, limit: Int) async throws(StorageError) -> ObjectPage {
        try watch.begin(StoreRequest(kind: .list, key: prefix))
        defer { watch.end() }
        return try await base.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ key: String) async throws(StorageError) { try await base.delete(key) }
}
