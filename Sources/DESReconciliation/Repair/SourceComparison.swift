import DESCatalog
import DESMigration
import DESShard
import DESSystem

/// Compares what is at the location of a row with an entry, by the rules that recovery has: uid and time are not enough, since
/// several rows may have them.
struct SourceComparison: Sendable {
    enum Match: Sendable, Equatable {
        /// The source is what the entry holds.
        case same
        /// There is nothing at the location; the row's own size is the entry's.
        case sourceGone
        case differs(String)
        case unknown(String)
    }

    let sources: any SourceFiles
    let hasSizes: Bool

    /// Blocks.
    func compare(_ row: CatalogRow, with entry: ShardEntry) async -> Match {
        guard let expected = entry.meta.crc32 else { return .unknown("the entry has no checksum") }
        guard let location = row.key.location.uidText, !location.isEmpty else {
            return .unknown("the row has no location")
        }
        let size = hasSizes ? row.size.integerValue : nil
        if hasSizes, row.size != .null, size == nil { return .unknown("the row's size is no number") }
        if let size, UInt64(exactly: size) != entry.size {
            return .differs("the row's size is \(size), the entry's \(entry.size)")
        }
        do {
            guard let identity = try await sources.identity(of: location) else { return gone(size) }
            guard UInt64(identity.size) == entry.size else { return .differs("its source has \(identity.size) bytes") }
            var crc = CRC32()
            try await sources.readPieces(location, of: identity) { crc.update($0) }
            return crc == expected ? .same : .differs("its source has other content")
        } catch let error as SourceError {
            switch error.reason {
            case .missing: return gone(size)
            case .notRegular, .changed: return .differs(error.message)
            default: return .unknown(error.message)
            }
        } catch {
            return .unknown("\(error)")
        }
    }

    private func gone(_ size: Int64?) -> Match {
        size == nil ? .unknown("its source is gone, and the row has no size to compare") : .sourceGone
    }
}
