import DESBase
import DESCatalog

extension PendingRange {
    /// The parameters ?1 and ?2 of ``SourceTable/isInRange(_:)``, in microseconds, both inclusive.
    var sqlBounds: (first: CatalogValue, last: CatalogValue) {
        // Of an empty range only the rows without a time remain: the smallest number is no time.
        guard from < before else { return (.integer(.min), .integer(.min)) }
        return (.integer(from.microsecondsSinceEpoch), .integer(before.microsecondsSinceEpoch - 1))
    }

    /// The ranges of an index on the time that hold the rows. Those without a readable time may be anywhere.
    var storedRanges: [StoredRange] {
        includesUndated ? [.everything] : TimeRanges.ranges(from: from, before: before)
    }
}
