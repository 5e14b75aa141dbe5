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

    /// Compares the source of a row with an entry. Blocks.
    func compare(_ row: CatalogRow, with entry: ShardEntry) async -> Match {
        guard let expected = entry.meta.crc32 else { return .unknown("the entry has no crc32") }
        do {
            let checked = try CheckedRow(row, hasSizes: hasSizes)
            if let size = checked.size, UInt64(size) != entry.size { return .differs }
            guard let identity = try await sources.identity(of: checked.location) else { return .sourceGone }
            guard UInt64(identity.size) == entry.size else { return .differs }
            var crc = CRC32()
            try await sources.readPieces(checked.location, of: identity) { crc.update($0) }
            return crc == expected ? .same(identity) : .differs
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
