import DESCatalog

/// What a difference between rows and files of one uid and time means, once the catalog was asked again. Knows no I/O.
enum KeyVerdict: Sendable, Equatable {
    /// Rows were marked meanwhile, or had been read in another order.
    case agree
    /// So many marked rows have no file. The rows are those it may be.
    case missing(Int, of: [CatalogRow])
    /// As `missing`, but a shard of the day could not be read.
    case inDoubt(Int)
    /// No row has that uid and time.
    case noRow
    /// So many files belong to rows that are not marked, if these are not more; and so many are left over.
    case notMarked(Int, of: [CatalogRow], leftOver: Int)
    /// So many more files than rows.
    case leftOver(Int)

    /// - Parameters:
    ///   - rows: all rows of the uid and time that the catalog has now.
    ///   - isDayComplete: whether all shards of the day were read.
    init(_ difference: Difference, rows: [RecoveredRow], isDayComplete: Bool) {
        let marked = Self.distinct(rows.filter(\.isArchived))
        let files = difference.entries
        if difference.rows > files {
            // Rows that the operator's condition leaves out were not counted.
            let missing = min(marked.count, difference.rows) - files - difference.undated
            if missing <= 0 {
                self = .agree
            } else {
                self = isDayComplete ? .missing(missing, of: marked) : .inDoubt(missing)
            }
            return
        }
        let places = Set(marked.map(\.key.location.place))
        let pending = Self.distinct(rows.filter { !$0.isArchived }).filter { !places.contains($0.key.location.place) }
        let unclaimed = files - marked.count
        if unclaimed <= 0 {
            self = .agree
        } else if marked.isEmpty && pending.isEmpty {
            self = .noRow
        } else if pending.isEmpty {
            self = .leftOver(unclaimed)
        } else {
            let count = min(unclaimed, pending.count)
            self = .notMarked(count, of: pending, leftOver: unclaimed - count)
        }
    }

    /// Rows that are equal in location too are one file.
    private static func distinct(_ rows: [RecoveredRow]) -> [CatalogRow] {
        var places: Set<Int64> = []
        return rows.map(\.row).filter { places.insert($0.key.location.place).inserted }
    }
}
