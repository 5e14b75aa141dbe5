/// What identifies a row, and lets a mark find out whether the row is still the one that was read.
package struct RowKey: Hashable, Sendable {
    /// The database's own number of the row; nil where there is none (views, tables without rowid).
    package var rowID: Int64?
    package var uid: CatalogValue
    package var createdAt: CatalogValue
    package var location: CatalogValue

    package init(rowID: Int64?, uid: CatalogValue, createdAt: CatalogValue, location: CatalogValue) {
        self.rowID = rowID
        self.uid = uid
        self.createdAt = createdAt
        self.location = location
    }
}

/// One row of the catalog, as stored; nothing in it is checked.
package struct CatalogRow: Sendable, Equatable {
    package var key: RowKey
    /// The size column; NULL if the schema names none.
    package var size: CatalogValue
    /// The values of the schema's `metaColumns`, in their order.
    package var meta: [CatalogValue]

    package init(key: RowKey, size: CatalogValue, meta: [CatalogValue]) {
        self.key = key
        self.size = size
        self.meta = meta
    }

    /// About how much memory it takes.
    package var memoryInBytes: Int {
        let key = key.uid.memoryInBytes + key.createdAt.memoryInBytes + key.location.memoryInBytes
        return meta.reduce(64 + key + size.memoryInBytes) { $0 + $1.memoryInBytes }
    }
}

/// What bounds a page of rows beside their number.
package enum PageLimit {
    /// A page ends with the row that brings it to so many bytes.
    package static let bytes = 4 << 20
}

/// A row that a shard found in the staging folder may belong to.
package struct RecoveredRow: Sendable, Equatable {
    package var row: CatalogRow
    /// Whether the row is marked already.
    package var isArchived: Bool

    package init(row: CatalogRow, isArchived: Bool) {
        self.row = row
        self.isArchived = isArchived
    }
}

/// What became of the mark of one row.
package enum MarkOutcome: Sendable, Hashable {
    /// The row was pending and is now marked.
    case marked
    /// The row is the one that was read, and somebody has marked it before.
    case alreadyMarked
    /// The row is gone, or its uid, time or location differ from what was read.
    case changed
    /// The row is unchanged and still pending: a constraint or trigger of the database refused the mark.
    case refused(reason: String)
}
