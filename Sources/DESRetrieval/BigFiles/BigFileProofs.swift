import DESBase
import DESStorage
import Synchronization

/// Remembers of the big files that were read which bytes are right, so that each is read whole only once before its parts are given.
///
/// The name of a big file is the SHA-256 of its bytes: what was proved once is true of every file of that name.
final class BigFileProofs: Sendable {
    /// Of digests, in bytes: about 4 TB of big files.
    private static let capacity = 64 << 20
    /// How long a big file that was found damaged is not read again.
    private static let damageLifetime = Duration.seconds(30)
    private static let damageCount = 1024
    /// What is read with one request while a file is proved, and how many at a time: whole pieces.
    private static let readSize: UInt64 = 4 << 20
    private static let parallel: UInt64 = 4

    private struct Damage {
        let error: RetrievalError
        let foundAt: Duration
    }

    private let proofs = Mutex(LRUCache<String, PieceDigests>(capacity: capacity))
    private let damages = Mutex(LRUCache<String, Damage>(capacity: damageCount))
    private let flights = SingleFlight<String, PieceDigests>()
    private let now: @Sendable () -> Duration

    /// - Parameter now: the time since some moment.
    init(now: @escaping @Sendable () -> Duration) { self.now = now }

    /// The digests of a big file, which is read whole for them if that was not done before.
    ///
    /// - Parameters:
    ///   - id: names the version of the file in its store.
    ///   - read: reads a range of the file.
    /// - Throws: `RetrievalError`; `damaged` if its bytes are not those of its name.
    func digests(
        sha256: String, size: UInt64, id: String, observer: any RetrievalObserver,
        _ read: @escaping @Sendable (Range<UInt64>) async throws(RetrievalError) -> [UInt8]
    ) async throws(RetrievalError) -> PieceDigests {
        if let known = proofs.withLock({ $0.value(of: sha256) }) { return known }
        if let damage = damages.withLock({ $0.value(of: id) }), now() - damage.foundAt < Self.damageLifetime {
            throw damage.error
        }
        return try await flights.run(id) { () async throws(RetrievalError) in
            // Somebody's proof may have ended between the look and here.
            if let known = self.proofs.withLock({ $0.value(of: sha256) }) { return known }
            let (digests, problem) = try await Self.take(sha256, size, read)
            if let problem {
                let error = RetrievalError(.damaged, "the big file \(sha256) is damaged: \(problem)")
                observer.damaged("\(error)")
                _ = self.damages.withLock {
                    $0.insert(Damage(error: error, foundAt: self.now()), cost: 1, for: id)
                }
                throw error
            }
            _ = self.proofs.withLock { $0.insert(digests, cost: digests.sizeInBytes, for: sha256) }
            return digests
        }
    }

    private static func take(
        _ sha256: String, _ size: UInt64,
        _ read: @escaping @Sendable (Range<UInt64>) async throws(RetrievalError) -> [UInt8]
    ) async throws(RetrievalError) -> (PieceDigests, String?) {
        let taker = PieceDigestTaker(sha256: sha256, size: size)
        var start: UInt64 = 0
        while start < size {
            let end = min(start + readSize * parallel, size)
            for bytes in await readTogether(start..<end, read) { taker.update(try bytes.get()) }
            start = end
        }
        return taker.finish()
    }

    /// The parts of a range, in order.
    private static func readTogether(
        _ range: Range<UInt64>, _ read: @escaping @Sendable (Range<UInt64>) async throws(RetrievalError) -> [UInt8]
    ) async -> [Result<[UInt8], RetrievalError>] {
        await withTaskGroup(of: (UInt64, Result<[UInt8], RetrievalError>).self) { group in
            for start in stride(from: range.lowerBound, to: range.upperBound, by: Int(readSize)) {
                let part = start..<min(start + readSize, range.upperBound)
                group.addTask {
                    do throws(RetrievalError) { return (start, .success(try await read(part))) } catch {
                        return (start, .failure(error))
                    }
                }
            }
            var parts: [(start: UInt64, bytes: Result<[UInt8], RetrievalError>)] = []
            for await part in group { parts.append((part.0, part.1)) }
            return parts.sorted { $0.start < $1.start }.map(\.bytes)
        }
    }
}
