import DESBase
package import DESCatalog
package import DESShard
import DESStorage

/// Decides which row of the catalog an entry came from. The entry knows uid and time, not the location, so what is at the row's
/// location is compared with what is in the shard.
package struct SourceMatcher: Sendable {
    package enum Match: Sendable, Hashable {
        /// The file at the row's location, of this identity, is what the entry holds.
        case same(FileIdentity)
        /// There is nothing at the location; the row's size, if it has one, is the entry's.
        case sourceGone
        /// The location holds something else, or the row has another size.
        case differs(String)
        /// It cannot be told.
        case unknown(String)
    }

    let sources: any SourceFiles

    package init(sources: any SourceFiles) {
        self.sources = sources
    }

    /// Compares the source of a row with an entry, byte by byte; a big file, which is named by its SHA-256, by that. Blocks.
    ///
    /// - Parameter content: the content of the entry; it is asked for only if the sizes agree.
    package func compare(
        _ row: CatalogRow, with entry: ShardEntry, content: () throws -> EntryContent
    ) async -> Match {
        do {
            let checked = try CheckedRow(row)
            if let size = checked.size, UInt64(size) != entry.size {
                return .differs("the row's size is \(size), the entry's \(entry.size)")
            }
            await sources.undoInterruptedDeletion(of: checked.location)
            guard let identity = try await sources.identity(of: checked.location) else { return .sourceGone }
            guard UInt64(identity.size) == entry.size else { return .differs("its source has \(identity.size) bytes") }
            var comparison = ContentComparison(try content())
            try await sources.readPieces(checked.location, of: identity) { comparison.add($0) }
            return comparison.isSame ? .same(identity) : .differs("its source has other content")
        } catch let error as SourceError {
            switch error.reason {
            case .missing: return .sourceGone
            case .notRegular, .changed: return .differs(error.message)
            default: return .unknown(error.message)
            }
        } catch {
            return .unknown("\(error)")
        }
    }
}

/// What an entry holds: its bytes, or, of a big file, their SHA-256 and size.
package enum EntryContent: Sendable {
    case bytes(ByteBuffer)
    /// 64 lower-case hexadecimal digits; in bytes.
    case bigFile(sha256: String, size: UInt64)

    /// Reads it from a shard that is at hand.
    init(_ entry: ShardEntry, of shard: ShardReader) throws(ShardError) {
        if case .bigFile(let sha256, let size) = entry.content {
            self = .bigFile(sha256: sha256, size: size)
        } else {
            let bytes = ByteBuffer(capacity: 0)
            try shard.withPieces(of: entry, decoder: PayloadDecoder()) { bytes.append($0) }
            self = .bytes(bytes)
        }
    }
}

/// Compares pieces of a source, one after the other, with the content of an entry.
private struct ContentComparison {
    private let expected: EntryContent
    /// Of a big file.
    private let proof: BigFileProof?
    private var position = 0
    private var differs = false

    init(_ expected: EntryContent) {
        self.expected = expected
        proof =
            if case .bigFile(let sha256, let size) = expected {
                BigFileProof(sha256: sha256, size: size)
            } else { nil }
    }

    mutating func add(_ piece: UnsafeRawBufferPointer) {
        switch expected {
        case .bytes(let bytes):
            let end = position + piece.count
            if end > bytes.count || !bytes.bytes[position..<end].elementsEqual(piece) { differs = true }
        case .bigFile: proof?.add(piece)
        }
        position += piece.count
    }

    /// Whether all that was compared is the content, and nothing is missing.
    var isSame: Bool {
        switch expected {
        case .bytes(let bytes): !differs && position == bytes.count
        case .bigFile: proof?.finish() == nil
        }
    }
}
