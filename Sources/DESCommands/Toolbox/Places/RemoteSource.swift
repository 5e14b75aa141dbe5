import DESStorage

/// Where the objects of a remote place are, and how to get at them.
struct RemoteSource: Sendable {
    let store: any ObjectStore
    let address: RemoteAddress
    let bigFilesPrefix: String
    /// Where copies are kept for a while.
    let temporaryFolder: String

    /// What messages call an object.
    func address(of key: String) -> String { "\(address.text)/\(key)" }

    /// Reads a range of an object that is known to have all of it.
    ///
    /// - Throws: `ShardProblem` that it is unreadable, also when less came: that tells nothing of what is there.
    func read(_ key: String, _ range: Range<UInt64>, uid: String? = nil) async throws(ShardProblem) -> [UInt8] {
        let bytes: [UInt8]
        do throws(StorageError) {
            bytes = try await store.read(key, range: range)
        } catch {
            throw unreadable(key, uid: uid, error)
        }
        guard bytes.count == range.count else {
            throw ShardProblem(
                .unreadable, file: address(of: key), uid: uid,
                "asked for \(range.count) bytes at \(range.lowerBound), \(bytes.count) came; it was changed meanwhile, or the "
                    + "connection cut it off")
        }
        return bytes
    }

    /// The part of the place in which a shard and its big files lie.
    func part(of shard: String) -> RemoteSource {
        RemoteSource(
            store: store.part(of: shard), address: address, bigFilesPrefix: bigFilesPrefix,
            temporaryFolder: temporaryFolder)
    }

    func unreadable(_ key: String, uid: String? = nil, _ error: StorageError) -> ShardProblem {
        ShardProblem(.unreadable, file: address(of: key), uid: uid, "\(error)")
    }

    /// Reads a range piece by piece, some of them ahead; the pieces come in order.
    ///
    /// - Throws: `ShardProblem` when a piece cannot be read; anything else that `use` throws becomes one.
    func forEachPiece(
        of key: String, _ range: Range<UInt64>, uid: String? = nil, _ use: ([UInt8], UInt64) throws -> Void
    ) async throws(ShardProblem) {
        var start = range.lowerBound
        var offset = start
        do {
            try await ReadAhead.run(
                Self.piecesAtATime,
                next: { () -> Range<UInt64>? in
                    guard start < range.upperBound else { return nil }
                    let end = start + min(Self.pieceSize, range.upperBound - start)
                    defer { start = end }
                    return start..<end
                },
                work: { piece -> Result<[UInt8], ShardProblem> in
                    do throws(ShardProblem) {
                        return .success(try await read(key, piece, uid: uid))
                    } catch {
                        return .failure(error)
                    }
                },
                use: { piece in
                    let bytes = try piece.get()
                    try use(bytes, offset)
                    offset += UInt64(bytes.count)
                    return true
                })
        } catch let problem as ShardProblem {
            throw problem
        } catch {
            throw ShardProblem(.unreadable, file: address(of: key), uid: uid, "\(error)")
        }
    }

    /// Of what is read whole, in bytes.
    static let pieceSize: UInt64 = 4 << 20
    private static let piecesAtATime = 4
}
