/// A published shard whose rows were settled in the catalog, as far as it could be done.
struct MarkedShard: Sendable {
    let name: String
    /// In bytes.
    let size: UInt64
    /// Whether staging may forget it: false while some of its rows could not be marked.
    let isSettled: Bool
    /// Files whose mark is committed by this process, if sources are to be deleted.
    let deletable: PackedRows

    /// - Throws: ``InvariantViolation`` if more is to be deleted than the shard holds.
    init(_ shard: PublishedShard, isSettled: Bool, deletable: PackedRows) throws(InvariantViolation) {
        guard deletable.count <= shard.rows.count else {
            throw InvariantViolation(
                invariant: .deletedIsMarked,
                detail:
                    "\(deletable.count) sources of the shard \(shard.name) with \(shard.rows.count) files would be deleted"
            )
        }
        name = shard.name
        size = shard.size
        self.isSettled = isSettled
        self.deletable = deletable
    }
}
