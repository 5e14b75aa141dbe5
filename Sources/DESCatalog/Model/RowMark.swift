/// The mark of one row.
package struct RowMark: Sendable, Hashable {
    package var key: RowKey
    /// The name of the shard that holds the file, for a `shardKeyColumn`.
    package var shard: String

    package init(key: RowKey, shard: String) {
        self.key = key
        self.shard = shard
    }
}

/// Why a row has kept its state where the database gives no reason.
package enum MarkRefusal {
    package static let keptPending = "a trigger of the database left the row pending"
    package static let changed =
        "a trigger of the database changes uid, time or location of the row with the mark, which was rolled back"
}

/// The right to mark the rows of one unit of work: of all tokens that were ever raised for it, only the highest counts.
///
/// The catalog's database keeps it in `des_migration_fences(unit, token)`, so that a worker that was paused for longer than
/// its lease is refused by the very statement that would mark.
package struct Fence: Sendable, Hashable {
    package static let table = "des_migration_fences"

    package var unit: String
    package var token: Int64

    package init(unit: String, token: Int64) {
        self.unit = unit
        self.token = token
    }
}
