import DESBase
import DESShard
import DESStorage

/// Where the bytes of one shard of a place are.
protocol ShardContent: Sendable {
    /// What messages call it: its path, or `s3://…`.
    var address: String { get }

    /// Its last bytes, its header unless that is among them, and its size in bytes.
    func ends() async throws(ShardProblem) -> ShardEnds

    /// Just the bytes of a range.
    ///
    /// - Parameter uid: the entry that it is read for.
    func read(_ range: Range<UInt64>, uid: String?) async throws(ShardProblem) -> [UInt8]

    /// Gives a big file in pieces, checked while it passes: that it was not the right one is found at its end.
    func forEachPiece(
        ofBigFile hash: String, size: UInt64, entry: ShardEntry, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws(ShardProblem)

    /// All of the shard in a local file.
    ///
    /// - Parameter tail: what is known of it.
    func whole(_ tail: ShardTail) async throws(ShardProblem) -> WholeShard

    /// What was found in bytes that came from here.
    func problem(_ error: ShardError) -> ShardProblem
}

/// What is read first of a shard.
struct ShardEnds {
    let header: [UInt8]?
    let end: [UInt8]
    let size: UInt64
}

/// A shard that is at hand as a whole. Its calls block.
struct WholeShard: Sendable {
    let reader: ShardReader
    /// Whether big files lie beside it.
    let hasBigFiles: Bool
    /// What errors of the reader mean.
    let problem: @Sendable (ShardError) -> ShardProblem

    /// Whether an entry's bytes cannot be had here.
    func isApart(_ entry: ShardEntry) -> Bool {
        if !hasBigFiles, case .bigFile = entry.content { true } else { false }
    }

    /// Gives the bytes of an entry that is not apart, piece by piece, checked as `ShardReader` checks.
    func withPieces(
        of entry: ShardEntry, decoder: PayloadDecoder, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws(ShardProblem) {
        do throws(ShardError) { try reader.withPieces(of: entry, decoder: decoder, body) } catch {
            throw problem(error)
        }
    }
}
