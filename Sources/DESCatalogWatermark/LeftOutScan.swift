import DESBase
import DESCatalog

/// The rows of a scan without those that are packed or set aside.
///
/// They are looked up for the moments of each page, so that memory is bounded by how many of them a page's moments have, not
/// by how many there are: while something holds the watermark back, all that is packed after it is left out.
actor LeftOutScan: PendingRowScan {
    private let base: any PendingRowScan
    private let store: any ArchiveStore
    /// A page that is not filtered yet; kept, so that the look-up can be repeated.
    private var unfiltered: [CatalogRow] = []
    private var filtered: ArraySlice<CatalogRow> = []
    /// The moments that `leftOut` holds.
    private var window: ClosedRange<Timestamp>?
    private var leftOut = IdentitySet()

    /// Rows asked for at most while nothing of a page is to be returned, unless the caller asks for more.
    private static let longestPage = 1000

    /// - Parameter base: its rows are all pending.
    init(base: any PendingRowScan, store: any ArchiveStore) {
        self.base = base
        self.store = store
    }

    nonisolated var pagingNote: String? { base.pagingNote }

    func nextPage(atMost count: Int) async throws -> [CatalogRow] {
        var size = count
        while filtered.isEmpty {
            if unfiltered.isEmpty {
                unfiltered = try await base.nextPage(atMost: size)
                guard !unfiltered.isEmpty else { return [] }
            }
            try await look()
            filtered = unfiltered.filter { !leftOut.contains(RowIdentity($0.key)) }[...]
            unfiltered = []
            size = max(count, min(size * 2, Self.longestPage))
        }
        let page = filtered.prefix(count)
        filtered = filtered.dropFirst(page.count)
        return Array(page)
    }

    func close() async { await base.close() }

    /// Makes the window span the page's moments. Rows without a readable time are never left out.
    private func look() async throws {
        let times = unfiltered.compactMap(\.key.createdAt.timestamp)
        guard let first = times.min(), let last = times.max() else { return }
        if let window, window.contains(first), window.contains(last) { return }
        var found = IdentitySet()
        let range = PendingRange(from: first, before: last.next, includesUndated: false)
        for kind in LeftOutKind.allCases { try await found.add(kind, of: store, in: range) }
        found.sort()
        leftOut = found
        window = first...last
    }
}

/// Identities in a sorted array: 16 bytes each.
struct IdentitySet: Sendable {
    private var identities: [RowIdentity] = []

    var isEmpty: Bool { identities.isEmpty }

    mutating func append(_ identity: RowIdentity) { identities.append(identity) }

    /// Adds all of a range, wherever the watermark is.
    mutating func add(_ kind: LeftOutKind, of store: any ArchiveStore, in range: PendingRange) async throws {
        guard range.from < range.before else { return }
        var last: LeftOutRow?
        while case let page = try await store.leftOut(kind, in: range, after: last, atMost: 20_000), !page.isEmpty {
            for row in page { append(row.identity) }
            last = page.last
        }
    }

    /// To be called after the last ``append(_:)``.
    mutating func sort() { identities.sort() }

    func contains(_ identity: RowIdentity) -> Bool {
        var low = 0
        var high = identities.count
        while low < high {
            let middle = (low + high) / 2
            if identities[middle] < identity { low = middle + 1 } else { high = middle }
        }
        return low < identities.count && identities[low] == identity
    }
}
