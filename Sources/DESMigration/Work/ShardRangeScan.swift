import DESCatalog
import DESRouting

/// The rows of a scan that belong in a range of shards: the part of a large day that is one unit of work. A row whose shard
/// cannot be told counts as one of shard 0, so that it is in exactly one part.
struct ShardRangeScan: PendingRowScan {
    let base: any PendingRowScan
    let shards: ClosedRange<Int>
    let bits: ShardBits

    var pagingNote: String? { base.pagingNote }

    func nextPage(atMost count: Int) async throws -> [CatalogRow] {
        while true {
            let page = try await base.nextPage(atMost: count)
            guard !page.isEmpty else { return [] }
            let rows = page.filter { shards.contains($0.key.uid.uidText.map(bits.shardIndex(ofUID:)) ?? 0) }
            if !rows.isEmpty { return rows }
        }
    }

    func close() async { await base.close() }
}
