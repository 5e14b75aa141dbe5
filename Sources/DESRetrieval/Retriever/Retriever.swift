public import DESBase
import DESShard
package import DESStorage
import Synchronization

/// Gets single files back out of shards: finds the shard by uid and time, looks into its index, which is kept in memory, and reads
/// just the bytes of the file, checked.
///
/// A file whose shard was asked for before costs one read of the store, another one a listing and two reads more. It may be used
/// from any number of tasks; who wants the same index at the same time waits for one read.
public final class Retriever: FileRetrieving {
    let settings: RetrieverSettings
    let store: any ObjectStore
    let listings: ListingCache
    let shards: ShardCache
    let negatives: NegativeCache
    /// For files, until they are delivered.
    let memory: ByteGate
    /// For what only the store is waited for.
    let loadingMemory: ByteGate
    let decoders = DecoderPool()
    let proofs: BigFileProofs
    let observer: any RetrievalObserver
    let now: @Sendable () -> Duration
    let pause: @Sendable (Duration) async throws -> Void
    /// Whether a shard, or the mark of a store, was ever seen, of a store that is read with the right number of bits.
    private let isKnownStore = Atomic<Bool>(false)
    /// Whether the store could be read when somebody last asked for just that.
    private let isTrusted = Atomic<Bool>(true)
    private let storeChecks = SingleFlight<Bool, Bool>()

    /// - Parameters:
    ///   - sharedCache: keeps indexes for several processes.
    ///   - clock: what lifetimes are measured by.
    package init<C: Clock>(
        store: any ObjectStore, settings: RetrieverSettings = RetrieverSettings(),
        sharedCache: (any SharedIndexCache)? = nil, observer: any RetrievalObserver = SilentObserver(),
        clock: C = ContinuousClock()
    ) where C.Duration == Duration {
        self.store = store
        self.settings = settings
        self.observer = observer
        let start = clock.now
        now = { start.duration(to: clock.now) }
        pause = { try await clock.sleep(for: $0) }
        proofs = BigFileProofs(now: now)
        memory = ByteGate(capacity: settings.deliveryBytes)
        loadingMemory = ByteGate(capacity: settings.loadingBytes)
        listings = ListingCache(count: 65_536, now: now, observer: observer)
        negatives = NegativeCache(lifetime: settings.negativeLifetime)
        shards = ShardCache(
            capacity: settings.cacheBytes, largestCount: settings.cachedShards,
            loader: ShardLoader(observer: observer, memory: loadingMemory, sharedCache: sharedCache), observer: observer
        )
    }

    /// All bytes of a file, checked; nil if there is none of that uid and day.
    ///
    /// - Throws: `RetrievalError` when it is not known whether there is such a file, or when its bytes cannot be had. A file larger
    ///   than memory allows is better read with ``forEachPiece(of:range:_:)``.
    public func file(uid: String, createdAt: Timestamp) async throws(RetrievalError) -> [UInt8]? {
        let request = FileRequest(uid: uid, createdAt: createdAt)
        guard let file = try await find(request) else { return nil }
        do throws(RetrievalError) {
            return try await wholeContents(of: file)
        } catch {
            // The shard may have been replaced since it was listed; then it has been forgotten by now.
            guard error.isOutdated, let again = try await find(request) else { throw error }
            return try await wholeContents(of: again)
        }
    }

    private func wholeContents(of file: StoredFile) async throws(RetrievalError) -> [UInt8] {
        guard file.isBigFile else { return try await contents(of: file) }
        let pieces = PieceCollector()
        do {
            try await forEachPiece(of: file) { pieces.add($0) }
        } catch let error as RetrievalError {
            throw error
        } catch {
            throw RetrievalError(.unavailable, uid: file.uid, "\(error)")
        }
        return pieces.bytes
    }

    /// Whether the store answers, and is one: a place without a shard and without the mark of a store is perhaps a folder whose disk is
    /// not mounted.
    ///
    /// - Throws: `RetrievalError` when it does not, or is none.
    public func checkStore() async throws(RetrievalError) {
        do throws(RetrievalError) { try await askStore() } catch {
            // Who went away learned nothing of the store.
            if !Task.isCancelled { isTrusted.store(false, ordering: .relaxed) }
            throw error
        }
        isTrusted.store(true, ordering: .relaxed)
    }

    /// Finds out whether the store can be believed that it has no such file: while it is known to be none, or not to be readable, it is
    /// asked for that first.
    ///
    /// - Throws: `RetrievalError` when nobody can tell.
    func confirmAbsence() async throws(RetrievalError) {
        guard !isKnownStore.load(ordering: .relaxed) || !isTrusted.load(ordering: .relaxed) else { return }
        _ = try await storeChecks.run(true) { () async throws(RetrievalError) in
            do throws(RetrievalError) { try await self.checkStore() } catch {
                self.observer.storeRead(.list, bytes: 0, succeeded: false)
                throw error
            }
            return true
        }
    }

    private func askStore() async throws(RetrievalError) {
        do {
            guard isKnownStore.load(ordering: .relaxed) else {
                let mark = try await store.mark()
                let isStore = if mark == nil { try await !store.isEmpty() } else { true }
                guard isStore else {
                    throw RetrievalError(
                        .unavailable,
                        "\(store.name) holds neither a shard nor the mark of a store; is its disk mounted? It is asked again"
                    )
                }
                try await checkBits(mark)
                return isKnownStore.store(true, ordering: .relaxed)
            }
            _ = try await store.list(prefix: "00000000_", after: nil, limit: 1)
        } catch let error as StorageError {
            throw RetrievalError(error, doing: "list \(store.name)")
        } catch let error as RetrievalError {
            throw error
        } catch {
            throw RetrievalError(.unavailable, "\(error)")
        }
    }
}

/// Puts pieces together.
private final class PieceCollector {
    private(set) var bytes: [UInt8] = []

    func add(_ piece: [UInt8]) { bytes += piece }
}
