import DESCatalog
import DESCoordination
import DESRouting
import Testing

/// Which units of work the pending rows make.
@Suite struct UnitPlanTests {
    private static let bits = ShardBits(4) ?? .standard
    private static let cutoff = Timestamp(microsecondsSinceEpoch: 1_900_000_000_000_000)

    private func plan(_ days: [PendingDay], existing: [UnitPlan.Existing] = []) -> UnitPlan {
        UnitPlan(days, existing: existing, bits: Self.bits, cutoff: Self.cutoff, rowsPerUnit: 1000)
    }

    @Test func `A day is a unit, a large one is split, and rows without a time are one`() {
        let plan = plan([
            PendingDay(dayNumber: 19_723, rows: 1000), PendingDay(dayNumber: 19_724, rows: 2001),
            PendingDay(dayNumber: nil, rows: 5000), PendingDay(dayNumber: 19_725, rows: 0),
        ])
        #expect(
            plan.units.map(\.name) == [
                "2024-01-01", "2024-01-02/00-03", "2024-01-02/04-07", "2024-01-02/08-0b", "2024-01-02/0c-0f", "undated",
            ])
        #expect(plan.units.map(\.plannedRows) == [1000, 501, 500, 500, 500, 5000])
        #expect(plan.replacedDays.isEmpty && plan.revivedDays.isEmpty)
    }

    @Test func `A split never has more parts than shards`() {
        #expect(plan([PendingDay(dayNumber: 0, rows: 1_000_000_000)]).units.count == 16)
    }

    @Test func `A day with a unit that is not done keeps its units, a done one begins anew`() {
        let days = [
            PendingDay(dayNumber: 1, rows: 5), PendingDay(dayNumber: 2, rows: 5), PendingDay(dayNumber: 3, rows: 5),
        ]
        let plan = plan(
            days,
            existing: [
                UnitPlan.Existing(rows: .day(1), isDone: true), UnitPlan.Existing(rows: .day(1), isDone: false),
                UnitPlan.Existing(rows: .day(2), isDone: true),
                UnitPlan.Existing(rows: .day(3), isDone: true, hasShards: true),
            ])
        #expect(plan.units.map(\.rows) == [.day(2)])
        #expect(plan.replacedDays == [.day(2)])
        #expect(plan.revivedDays == [.day(3)])
    }

    @Test func `A unit reads its day up to the cutoff, and the undated one only rows without a time`() {
        let start = Timestamp(microsecondsSinceEpoch: 19_723 * 86_400_000_000)
        let noon = Timestamp(microsecondsSinceEpoch: start.microsecondsSinceEpoch + 43_200_000_000)
        func unit(_ rows: WorkUnit.Rows) -> WorkUnit {
            WorkUnit(rows: rows, shards: 0...15, bits: Self.bits, cutoff: noon, plannedRows: 1)
        }
        #expect(unit(.day(19_723)).range == PendingRange(from: start, before: noon, includesUndated: false))
        #expect(unit(.undated).range.includesUndated)
        #expect(unit(.undated).range.from == unit(.undated).range.before)
    }
}
