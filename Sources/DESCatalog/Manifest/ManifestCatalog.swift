@preconcurrency import Dispatch
package import DESBase
import Synchronization

/// A catalog in memory, read from a manifest: a JSON list of `{uid, created_at, size_bytes, source_path}`, or JSON lines.
///
/// All rows are pending at first; marks last as long as the process. A row's `rowID` is the number of its entry, counted
/// from 1. An entry that is not as it should be becomes a row with NULL values, and one of ``problems``.
package final class ManifestCatalog: SourceCatalog {
    /// What is wrong with one entry.
    package struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// Counted from 1.
        package let entryNumber: Int
        package let message: String

        package var description: String { "entry \(entryNumber): \(message)" }
    }

    private struct Entry {
        let row: CatalogRow
        let time: Timestamp?
    }

    /// The entries that are not as they should be, in the order of the manifest.
    package let problems: [Problem]

    private let path: String
    /// By time and uid; those without a time last.
    private let entries: [Entry]
    private let isArchived: Mutex<[Bool]>
    private let positionByRowID: [Int]

    /// Reads a manifest file.
    ///
    /// - Throws: ``CatalogError`` if the file cannot be read (`cannotOpen`), or is no JSON or no list (`corrupt`).
    package static func load(path: String) async throws -> ManifestCatalog {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        let bytes: [UInt8]
                        do throws(SystemError) { bytes = try WholeFile.bytes(path) } catch {
                            throw CatalogError(
                                code: .cannotOpen, what: "cannot read the manifest", place: path,
                                reason: error.reason)
                        }
                        return try ManifestCatalog(json: bytes, path: path)
                    })
            }
        }
    }

    /// - Parameter path: for messages.
    package init(json: some Collection<UInt8>, path: String) throws {
        let decoded: [ManifestEntry]
        do throws(ManifestText.Invalid) { decoded = try ManifestText(Array(json)).entries } catch {
            throw CatalogError(
                code: .corrupt, what: "cannot read the manifest", place: path, reason: error.reason,
                advice:
                    "expected a JSON list of {uid, created_at, size_bytes, source_path}, or one of them on each line; "
                    + "nothing was packed")
        }
        self.path = path
        problems = decoded.enumerated().flatMap { index, entry in
            entry.problems.map { Problem(entryNumber: index + 1, message: $0) }
        }
        let unsorted = decoded.enumerated().map { index, entry in
            Entry(
                row: CatalogRow(
                    key: RowKey(
                        rowID: Int64(index + 1), uid: entry.uid, createdAt: entry.createdAt, location: entry.location),
                    size: entry.size, meta: []),
                time: entry.createdAt.timestamp)
        }
        entries = unsorted.sorted(by: Self.isInOrder)
        isArchived = Mutex(Array(repeating: false, count: entries.count))
        var positions = Array(repeating: 0, count: entries.count)
        for (position, entry) in entries.enumerated() { positions[Int(entry.row.key.rowID ?? 1) - 1] = position }
        positionByRowID = positions
    }

    package var hasSizes: Bool { true }

    package func checkSchema() async throws {}

    package func pendingRows(in range: PendingRange) async throws -> any PendingRowScan {
        ManifestScan(catalog: self, range: range)
    }

    package func statistics(olderThan cutoff: Timestamp) async throws -> CatalogStatistics {
        var statistics = CatalogStatistics(hasSizes: true)
        let isArchived = isArchived.withLock { $0 }
        for (entry, isArchived) in zip(entries, isArchived) where !isArchived {
            statistics.count(
                time: entry.time, cutoff: cutoff, hasUID: entry.row.key.uid != .null,
                hasLocation: entry.row.key.location != .null, size: entry.row.size.integerValue)
        }
        return statistics
    }

    package func mark(_ rows: [RowMark], within fence: Fence?) async throws -> [MarkOutcome] {
        guard fence == nil else { throw noFences("cannot mark \(rows.count) entries") }
        return isArchived.withLock { isArchived in
            rows.map(\.key).map { key in
                guard let rowID = key.rowID, rowID >= 1, rowID <= positionByRowID.count else { return .changed }
                let position = positionByRowID[Int(rowID) - 1]
                guard entries[position].row.key == key else { return .changed }
                guard !isArchived[position] else { return .alreadyMarked }
                isArchived[position] = true
                return .marked
            }
        }
    }

    /// Always throws: a manifest belongs to one process.
    package func raise(_ fence: Fence) async throws {
        throw noFences("cannot take over the unit \(fence.unit)")
    }

    private func noFences(_ what: String) -> CatalogError {
        CatalogError(
            code: .notMarkable, what: what, place: path,
            reason: "a manifest keeps its marks in one process, and cannot be shared by workers")
    }

    package func recoveredRows(
        for keys: [(uid: String, createdAt: Timestamp)]
    ) async throws -> [[RecoveredRow]] {
        guard !keys.isEmpty else { return [] }
        var matches = RecoveryMatches(keys)
        let isArchived = isArchived.withLock { $0 }
        for (entry, isArchived) in zip(entries, isArchived) {
            matches.add(RecoveredRow(row: entry.row, isArchived: isArchived))
        }
        return matches.rows
    }

    package func locationsStillPending(_ locations: [String]) async throws -> Set<ByteString> {
        let wanted = Set(locations.map { ByteString($0) })
        let isArchived = isArchived.withLock { $0 }
        var found: Set<ByteString> = []
        for (entry, isArchived) in zip(entries, isArchived) where !isArchived {
            guard let location = entry.row.key.location.uidText.map({ ByteString($0) }) else { continue }
            if wanted.contains(location) { found.insert(location) }
        }
        return found
    }

    package func close() async {}

    /// The rows of the range's state from a position on, at most that many, and the position after them.
    fileprivate func rows(from start: Int, atMost count: Int, in range: PendingRange) -> ([CatalogRow], Int) {
        isArchived.withLock { isArchived in
            var rows: [CatalogRow] = []
            var position = start
            while position < entries.count, rows.count < count {
                let entry = entries[position]
                if isArchived[position] == (range.state == .archived), range.includes(entry.time) {
                    rows.append(entry.row)
                }
                position += 1
            }
            return (rows, position)
        }
    }

    private static func isInOrder(_ left: Entry, _ right: Entry) -> Bool {
        switch (left.time, right.time) {
        case (.some(let leftTime), .some(let rightTime)) where leftTime != rightTime: return leftTime < rightTime
        case (.some, nil): return true
        case (nil, .some): return false
        default:
            let leftUID = left.row.key.uid.uidText ?? ""
            let rightUID = right.row.key.uid.uidText ?? ""
            return leftUID.isByteEqual(to: rightUID)
                ? left.row.key.rowID ?? 0 < right.row.key.rowID ?? 0 : leftUID.isByteOrdered(before: rightUID)
        }
    }
}

/// A pass over the rows of a manifest that are of the range's state when they are reached.
private actor ManifestScan: PendingRowScan {
    nonisolated let pagingNote: String? = nil
    private let catalog: ManifestCatalog
    private let range: PendingRange
    private var position = 0
    private var isClosed = false

    init(catalog: ManifestCatalog, range: PendingRange) {
        self.catalog = catalog
        self.range = range
    }

    func nextPage(atMost count: Int) -> [CatalogRow] {
        guard !isClosed else { return [] }
        let (rows, next) = catalog.rows(from: position, atMost: count, in: range)
        position = next
        return rows
    }

    func close() {
        isClosed = true
    }
}

extension PendingRange {
    /// Whether a row of that time, nil if it has none, is returned.
    fileprivate func includes(_ time: Timestamp?) -> Bool {
        time.map { $0 >= from && $0 < before } ?? includesUndated
    }
}
