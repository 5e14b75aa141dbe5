package import DESBase
package import DESCatalog
package import DESRouting

/// Which units of work the pending rows make. Decides only; the board writes it down.
package struct UnitPlan: Sendable, Hashable {
    /// New units, or done ones that begin anew.
    package private(set) var units: [WorkUnit] = []
    /// Days all of whose former units are done: these are replaced.
    package private(set) var replacedDays: [WorkUnit.Rows] = []
    /// Days whose done units begin anew as they are, because shards are noted for them that only they look after; also
    /// without pending rows, since sources may be left that are to be deleted.
    package private(set) var revivedDays: [WorkUnit.Rows] = []
    /// Pending rows of each of these days.
    package private(set) var revivedRows: [WorkUnit.Rows: Int64] = [:]

    /// What is known of a unit that is there already.
    package struct Existing: Sendable, Hashable {
        package let rows: WorkUnit.Rows
        package let isDone: Bool
        /// Whether shards are noted for it that may hold files of unmarked rows.
        package let hasShards: Bool

        package init(rows: WorkUnit.Rows, isDone: Bool, hasShards: Bool = false) {
            self.rows = rows
            self.isDone = isDone
            self.hasShards = hasShards
        }
    }

    /// A day that has a unit which is not done keeps its units as they are, so that no row is ever in two of them.
    ///
    /// - Parameters:
    ///   - days: the pending rows by day.
    ///   - rowsPerUnit: days with more are split into ranges of shards, a power of two of them.
    package init(
        _ days: [PendingDay], existing: [Existing], bits: ShardBits, cutoff: Timestamp, rowsPerUnit: Int
    ) {
        let busy = Set(existing.filter { !$0.isDone }.map(\.rows))
        let known = Set(existing.map(\.rows))
        let noted = Set(existing.filter(\.hasShards).map(\.rows))
        let counts = Dictionary(
            days.map { ($0.dayNumber.map(WorkUnit.Rows.day) ?? .undated, $0.rows) }, uniquingKeysWith: +)
        revivedDays = noted.subtracting(busy).sorted { $0.name < $1.name }
        for rows in revivedDays { revivedRows[rows] = counts[rows] ?? 0 }
        for day in days where day.rows > 0 {
            let rows = day.dayNumber.map(WorkUnit.Rows.day) ?? .undated
            guard !busy.contains(rows), !noted.contains(rows) else { continue }
            if known.contains(rows) { replacedDays.append(rows) }
            let parts = Self.partCount(day.rows, rowsPerUnit: rowsPerUnit, bits: bits, isDated: day.dayNumber != nil)
            let width = bits.shardCount / parts
            for part in 0..<parts {
                units.append(
                    WorkUnit(
                        rows: rows, shards: part * width...(part + 1) * width - 1, bits: bits, cutoff: cutoff,
                        plannedRows: day.rows / Int64(parts) + (Int64(part) < day.rows % Int64(parts) ? 1 : 0)))
            }
        }
    }

    private static func partCount(_ rows: Int64, rowsPerUnit: Int, bits: ShardBits, isDated: Bool) -> Int {
        guard isDated else { return 1 }
        var parts = 1
        while parts < bits.shardCount, rows > Int64(rowsPerUnit) * Int64(parts) { parts *= 2 }
        return parts
    }
}
