import DESBase
import DESShard
import DESStorage
import Synchronization

/// A store in memory that counts what is asked of it, and fails or waits when told.
final class MemoryStore: ObjectStore {
    enum Call: Sendable, Hashable {
        case list(String)
        case read(String, Range<UInt64>)
    }

    struct State {
        var objects: [String: [UInt8]] = [:]
        var versions: [String: Int] = [:]
        var calls: [Call] = []
        var failure: StorageError?
        var onCall: (@Sendable (Call) async -> Void)?
    }

    let name: String
    let state = Mutex(State())
    var localFolder: String? { nil }

    init(name: String = "memory") { self.name = name }

    func put(_ bytes: [UInt8], _ key: String) {
        state.withLock {
            $0.objects[key] = bytes
            $0.versions[key, default: 0] += 1
        }
    }

    func remove(_ key: String) { state.withLock { _ = $0.objects.removeValue(forKey: key) } }

    func fail(_ error: StorageError?) { state.withLock { $0.failure = error } }

    func onCall(_ body: (@Sendable (Call) async -> Void)?) { state.withLock { $0.onCall = body } }

    /// What was asked since the last time.
    func takeCalls() -> [Call] {
        state.withLock { state in
            defer { state.calls = [] }
            return state.calls
        }
    }

    private func note(_ call: Call) async throws(StorageError) {
        let (failure, body) = state.withLock { state in
            state.calls.append(call)
            return (state.failure, state.onCall)
        }
        await body?(call)
        if let failure { throw failure }
    }

    func bytes(_ key: String) throws(StorageError) -> [UInt8] {
        guard let bytes = state.withLock({ $0.objects[key] }) else {
            throw StorageError(.notFound, key: key, "no \(key)")
        }
        return bytes
    }

    func publish(_ files: [StagedFile]) async -> [Result<PublishOutcome, StorageError>] { [] }
    func attributes(of key: String) async throws(StorageError) -> ObjectAttributes? { nil }
    func checksum(of key: String) async throws(StorageError) -> CRC32 { CRC32() }
    func delete(_ key: String) async throws(StorageError) { remove(key) }

    func read(_ key: String) async throws(StorageError) -> [UInt8] { try bytes(key) }

    func read(_ key: String, range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
        try await note(.read(key, range))
        let bytes = try bytes(key)
        return Array(bytes[min(Int(range.lowerBound), bytes.count)..<min(Int(range.upperBound), bytes.count)])
    }

    func readTail(_ key: String, count: Int) async throws(StorageError) -> (bytes: [UInt8], size: UInt64) {
        let bytes = try bytes(key)
        return (Array(bytes.suffix(count)), UInt64(bytes.count))
    }

    func list(prefix: String, after: String?, limit: Int) async throws(StorageError) -> ObjectPage {
        try await note(.list(prefix))
        let objects = state.withLock { state in
            state.objects.keys.filter { $0.hasPrefix(prefix) && $0 > (after ?? "") }.sorted().map {
                ObjectAttributes(
                    key: $0, size: UInt64(state.objects[$0]?.count ?? 0), version: "\(state.versions[$0] ?? 0)")
            }
        }
        let page = Array(objects.prefix(limit))
        return ObjectPage(objects: page, next: page.count < objects.count ? page.last?.key : nil)
    }

    func open(_ object: ObjectAttributes) async throws(StorageError) -> any ObjectHandle {
        Handle(attributes: object, store: self)
    }

    private struct Handle: ObjectHandle {
        let attributes: ObjectAttributes
        let store: MemoryStore

        func read(_ range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
            let key = attributes.key
            let bytes = try await store.read(key, range: range)
            let version = store.state.withLock { "\($0.versions[key] ?? 0)" }
            if let listed = attributes.version, listed != version {
                throw StorageError(.changed, key: key, "\(key) was replaced")
            }
            guard bytes.count == range.count else { throw StorageError(.damaged, key: key, "\(key) is short") }
            return bytes
        }
    }
}
