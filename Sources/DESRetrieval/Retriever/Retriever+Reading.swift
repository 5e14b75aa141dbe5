import DESBase
import DESShard
import DESStorage

extension Retriever {
    private static let pieceSize: UInt64 = 1 << 20
    /// Of a file that is in memory, and of which each piece is a copy.
    private static let copiedSize = 256 << 10

    /// All bytes of a file that lies in its shard, checked.
    ///
    /// - Throws: `RetrievalError`; also for a file that lies beside its shard, which ``forEachPiece(of:range:_:)`` reads.
    public func contents(of file: StoredFile) async throws(RetrievalError) -> [UInt8] {
        let (bytes, held) = try await heldContents(of: file)
        memory.release(held)
        return bytes
    }

    nonisolated(nonsending) package func withContents(
        of file: StoredFile, _ deliver: (_ bytes: [UInt8]) async throws -> Void
    ) async throws {
        let (bytes, held) = try await heldContents(of: file)
        defer { memory.release(held) }
        try await deliver(bytes)
    }

    /// - Returns: also what is held for the bytes, and to be released with them.
    private func heldContents(of file: StoredFile) async throws(RetrievalError) -> (bytes: [UInt8], held: Int) {
        guard let place = file.place, case .inline(let offset, let storedSize, _, let size) = file.entry.content else {
            throw RetrievalError(.refused, uid: file.uid, "a big file is read in pieces")
        }
        let held = try await admit(Int(clamping: storedSize + size))
        do throws(RetrievalError) {
            let bytes = try decode(file, try await read(offset..<(offset + storedSize), of: file, place))
            let kept = min(held, bytes.count)
            memory.release(held - kept)
            return (bytes, kept)
        } catch {
            memory.release(held)
            throw error
        }
    }

    /// The bytes of a file or of a range of it, in order, in pieces of at most 1 MiB. The next piece is read when `deliver` is done with
    /// the one before.
    ///
    /// Every piece is proved to be right before it is delivered. Before the first bytes of a file that lies beside its shard are delivered,
    /// all of it is read once; that is remembered.
    ///
    /// - Parameter range: inside the file; nil: all of it.
    /// - Throws: `RetrievalError`, or what `deliver` throws.
    nonisolated(nonsending) public func forEachPiece(
        of file: StoredFile, range: Range<UInt64>? = nil, _ deliver: (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        let range = (range ?? 0..<file.size).clamped(to: 0..<file.size)
        guard let place = file.place, case .bigFile(let hash, let size) = file.entry.content else {
            return try await withContents(of: file) { bytes in
                var start = Int(range.lowerBound)
                while start < Int(range.upperBound) {
                    let end = min(start + Self.copiedSize, Int(range.upperBound))
                    try await deliver(start == 0 && end == bytes.count ? bytes : Array(bytes[start..<end]))
                    start = end
                }
            }
        }
        guard !range.isEmpty else { return }
        let handle = try await openBigFile(hash, size, file, place)
        let digests = try await digests(hash, size, file, place, handle)
        // Whole pieces are read, for only they can be proved.
        var start = range.lowerBound - range.lowerBound % PieceDigests.pieceSize
        while start < range.upperBound {
            let lastPiece = (range.upperBound - 1) / PieceDigests.pieceSize
            let end = min(start + Self.pieceSize, (lastPiece + 1) * PieceDigests.pieceSize, size)
            let held = try await admit(Int(end - start))
            defer { memory.release(held) }
            let piece = try await readBigFile(start..<end, handle, file)
            if let position = digests.firstDamage(in: piece, from: start) {
                let problem = RetrievalError(
                    .damaged, uid: file.uid,
                    "the big file \(handle.attributes.key) has other bytes at \(position) than when it was checked")
                observer.damaged("\(problem)")
                throw problem
            }
            let wanted = range.clamped(to: start..<end)
            let isWhole = wanted == start..<end
            try await deliver(
                isWhole ? piece : Array(piece[Int(wanted.lowerBound - start)..<Int(wanted.upperBound - start)]))
            start = end
        }
    }

    /// What the pieces of a big file have to be. The file is read whole for it, unless that was done before.
    private func digests(
        _ hash: String, _ size: UInt64, _ file: StoredFile, _ place: StoredPlace, _ handle: any ObjectHandle
    ) async throws(RetrievalError) -> PieceDigests {
        let version = handle.attributes.version ?? "\(size)"
        let id = "\(place.store.identity)/\(handle.attributes.key)/\(version)"
        let digests: PieceDigests
        do throws(RetrievalError) {
            digests = try await proofs.digests(sha256: hash, size: size, id: id, observer: observer) {
                range async throws(RetrievalError) in
                let held: Int
                do { held = try await self.loadingMemory.acquire(range.count) } catch {
                    throw RetrievalError(.unavailable, "the request was cancelled")
                }
                defer { self.loadingMemory.release(held) }
                return try await self.readBigFile(range, handle, file)
            }
        } catch {
            throw RetrievalError(error.code, uid: file.uid, isOutdated: error.isOutdated, error.message)
        }
        if let expected = file.entry.meta.crc32, expected != digests.whole {
            let problem = RetrievalError(
                .damaged, uid: file.uid, "expected CRC-32 \(expected), found \(digests.whole)")
            observer.damaged("\(problem)")
            throw problem
        }
        return digests
    }

    private func openBigFile(
        _ hash: String, _ size: UInt64, _ file: StoredFile, _ place: StoredPlace
    ) async throws(RetrievalError) -> any ObjectHandle {
        let key = "\(settings.bigFilesPrefix)/\(hash)"
        do throws(StorageError) {
            let handle = try await place.store.open(ObjectAttributes(key: key, size: size))
            if handle.attributes.size == size { return handle }
            throw StorageError(.damaged, key: key, "\(key) has \(handle.attributes.size) bytes instead of \(size)")
        } catch {
            throw bigFileError(error, file)
        }
    }

    private func readBigFile(
        _ range: Range<UInt64>, _ handle: any ObjectHandle, _ file: StoredFile
    ) async throws(RetrievalError) -> [UInt8] {
        do throws(StorageError) {
            return try await CountingReader(handle: handle, observer: observer).read(range, .bigfile)
        } catch {
            throw bigFileError(error, file)
        }
    }

    /// A shard names its big files, so one that is not there is a damage, not an old listing.
    private func bigFileError(_ error: StorageError, _ file: StoredFile) -> RetrievalError {
        guard error.code == .notFound || error.code == .damaged || error.code == .changed else {
            return RetrievalError(error, doing: "read the big file", uid: file.uid)
        }
        let problem = RetrievalError(.damaged, uid: file.uid, "the big file cannot be read: \(error)")
        observer.damaged("\(problem)")
        return problem
    }

    /// Bytes of a shard; if it is not the one that was listed, it is forgotten.
    func read(
        _ range: Range<UInt64>, of file: StoredFile, _ place: StoredPlace
    ) async throws(RetrievalError) -> [UInt8] {
        do throws(StorageError) {
            return try await CountingReader(handle: place.shard.handle, observer: observer).read(range, .payload)
        } catch {
            let problem = RetrievalError(error, doing: "read the shard \(file.shard)", uid: file.uid)
            if problem.isOutdated {
                shards.forget(place.shard.listed.id)
                listings.forget(place.key, of: place.store)
            }
            throw problem
        }
    }

    func decode(_ file: StoredFile, _ stored: [UInt8]) throws(RetrievalError) -> [UInt8] {
        do throws(ShardError) {
            return try decoders.decode(file.entry, stored: stored, file: file.shard)
        } catch {
            observer.damaged("\(error)")
            throw RetrievalError(error, uid: file.uid)
        }
    }
}
