package import DESBase
package import DESCatalog
package import DESRouting

/// A part of a catalog that one worker migrates at a time: the pending rows of a day, or of a range of its shards.
package struct WorkUnit: Sendable, Hashable {
    /// Which rows it has.
    package enum Rows: Sendable, Hashable {
        /// Days since 1970-01-01, UTC.
        case day(Int64)
        /// The rows without a readable time.
        case undated
    }

    package let rows: Rows
    /// Shard indices, of ``bits``.
    package let shards: ClosedRange<Int>
    package let bits: ShardBits
    /// Rows of this moment and later are left alone.
    package let cutoff: Timestamp
    /// Pending rows when it was planned.
    package let plannedRows: Int64

    package init(rows: Rows, shards: ClosedRange<Int>, bits: ShardBits, cutoff: Timestamp, plannedRows: Int64) {
        self.rows = rows
        self.shards = shards
        self.bits = bits
        self.cutoff = cutoff
        self.plannedRows = plannedRows
    }

    /// Whether it has all shards of its rows.
    package var isWhole: Bool { shards.count == bits.shardCount }

    /// Its name within the job, such as `2024-01-15`, `2024-01-15/00-7f` or `undated`.
    package var name: String {
        let base = rows.name
        guard !isWhole else { return base }
        func hex(_ index: Int) -> String {
            let digits = String(index, radix: 16)
            return String(repeating: "0", count: max(0, 2 - digits.count)) + digits
        }
        return "\(base)/\(hex(shards.lowerBound))-\(hex(shards.upperBound))"
    }

    /// The rows to read.
    package var range: PendingRange {
        switch rows {
        case .undated: return PendingRange(from: .earliest, before: .earliest)
        case .day(let number):
            let day = CivilDate.microsecondsPerDay
            let start = Timestamp(microsecondsSinceEpoch: number * day)
            let end = Timestamp(microsecondsSinceEpoch: (number + 1) * day)
            return PendingRange(from: max(start, .earliest), before: min(end, cutoff), includesUndated: false)
        }
    }
}

extension WorkUnit.Rows {
    /// `YYYY-MM-DD`, or `undated`.
    package var name: String {
        switch self {
        case .undated: "undated"
        case .day(let number):
            String(Timestamp(microsecondsSinceEpoch: number * CivilDate.microsecondsPerDay).rfc3339.prefix(10))
        }
    }

    /// Nil for undated rows.
    package var dayNumber: Int64? {
        if case .day(let number) = self { number } else { nil }
    }
}
