import DESCatalog
import DESShard
import DESStorage
import DESSystem

/// Decides which row of the catalog a recovered entry came from. The entry knows uid and time, not the location, so what
/// is at the row's location is compared with what is in the shard.
struct RecoveryMatcher: Sendable {
    enum Match: Sendable, Hashable {
        /// The file at the row's location, of this identity, is what the entry holds.
        case same(FileIdentity)
        /// There is nothing at the location.
        case sourceGone
        /// The location holds something else.
        case differs
        /// It cannot be told.
        case unknown(String)
    }

    let sources: any SourceFiles
    /// Whether the catalog has a size column.
    let hasSizes: Bool

    /// Compares the source of a row with an entry, byte by byte; a big file, which is named by its SHA-256, by that. Blocks.
    ///
    /// - Parameter shard: holds the entry.
    func compare(_ row: CatalogRow, with entry: ShardEntry, of shard: ShardReader) async -> Match {
        do {
            let checked = try CheckedRow(row, hasSizes: hasSizes)
            if let size = checked.size, UInt64(size) != entry.size { return .differs }
            await sources.undoInterruptedDeletion(of: checked.location)
            guard let identity = try await sources.identity(of: checked.location) else { return .sourceGone }
            guard UInt64(identity.size) == entry.size else { return .differs }
            let content = try EntryContent(entry, of: shard)
            try await sources.readPieces(checked.location, of: identity) { content.compare($0) }
            return content.isSame ? .same(identity) : .differs
        } catch let error as SourceError {
            switch error.reason {
            case .missing: return .sourceGone
            case .notRegular, .changed: return .differs
            default: return .unknown(error.message)
            }
        } catch {
            return .unknown("\(error)")
        }
    }
}

/// The content of an entry, which pieces of a source are compared with one after the other.
private final class EntryContent {
    private enum Expected {
        case bytes(ByteBuffer)
        case sha256(String, SHA256)
    }

    private let expected: Expected
    private var position = 0
    private var differs = false

    init(_ entry: ShardEntry, of shard: ShardReader) throws(ShardError) {
        if case .bigFile(let sha256, _) = entry.content {
            expected = .sha256(sha256, SHA256())
        } else {
            let bytes = ByteBuffer(capacity: 0)
            try shard.withPieces(of: entry, decoder: PayloadDecoder()) { bytes.append($0) }
            expected = .bytes(bytes)
        }
    }

    func compare(_ piece: UnsafeRawBufferPointer) {
        switch expected {
        case .bytes(let bytes):
            let end = position + piece.count
            if end > bytes.count || !bytes.bytes[position..<end].elementsEqual(piece) { differs = true }
        case .sha256(_, let hash): hash.update(piece)
        }
        position += piece.count
    }

    /// Whether all that was compared is the content, and nothing is missing.
    var isSame: Bool {
        switch expected {
        case .bytes(let bytes): !differs && position == bytes.count
        case .sha256(let sha256, let hash): hash.finish().isByteEqual(to: sha256)
        }
    }
}
