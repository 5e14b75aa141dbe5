import DESBase
import DESCatalog
import DESCoordination
import DESRouting
import Testing

@Suite("Planning units")
struct PlannedUnitsTests {
    private let cutoff = Timestamp(microsecondsSinceEpoch: 1_000_000_000_000_000)

    private func plan(
        _ days: [(Int64?, Int64)], _ existing: [UnitPlan.Existing] = [], bits: Int = 8, rowsPerUnit: Int = 100
    ) throws -> UnitPlan {
        UnitPlan(
            days.map { PendingDay(dayNumber: $0.0, rows: $0.1) }, existing: existing,
            bits: try #require(ShardBits(bits)), cutoff: cutoff, rowsPerUnit: rowsPerUnit)
    }

    @Test("Every day with rows is a unit, and so are the rows without a time")
    func days() throws {
        let plan = try plan([(1, 100), (2, 0), (3, 1), (nil, 5000)])
        #expect(plan.units.map(\.rows) == [.day(1), .day(3), .undated])
        #expect(plan.units.allSatisfy { $0.isWhole && $0.cutoff == cutoff })
        #expect(plan.units.map(\.plannedRows) == [100, 1, 5000])
        #expect(plan.replacedDays.isEmpty && plan.revivedDays.isEmpty)
    }

    @Test(
        "A large day is split into equal ranges that have each shard once",
        arguments: [
            (rows: Int64(100), bits: 8, parts: 1), (101, 8, 2), (200, 8, 2), (201, 8, 4), (800, 8, 8), (801, 8, 16),
            (1_000_000_000, 4, 16), (1_000_000_000, 16, 65_536),
        ])
    func split(rows: Int64, bits: Int, parts: Int) throws {
        let units = try plan([(1, rows)], bits: bits).units
        #expect(units.count == parts)
        let shards = units.flatMap { Array($0.shards) }
        #expect(shards == Array(0..<(1 << bits)))
        #expect(units.reduce(0) { $0 + $1.plannedRows } == rows)
        #expect(Set(units.map(\.name)).count == parts)
    }

    @Test("A day with a unit that is not done is left as it is")
    func busy() throws {
        let existing = [
            UnitPlan.Existing(rows: .day(1), isDone: true), UnitPlan.Existing(rows: .day(1), isDone: false),
            UnitPlan.Existing(rows: .undated, isDone: false, hasShards: true),
        ]
        let plan = try plan([(1, 1000), (nil, 1), (2, 1)], existing)
        #expect(plan.units.map(\.rows) == [.day(2)])
        #expect(plan.replacedDays.isEmpty && plan.revivedDays.isEmpty)
    }

    @Test("A day whose units are all done is planned anew")
    func done() throws {
        let plan = try plan(
            [(1, 1000), (nil, 3)], [.init(rows: .day(1), isDone: true), .init(rows: .undated, isDone: true)])
        #expect(plan.units.count == 17)
        #expect(plan.replacedDays == [.day(1), .undated])
    }

    @Test("Units with noted shards begin anew as they are, with and without pending rows, unless one is still at work")
    func noted() throws {
        let plan = try plan(
            [(1, 1000), (3, 7)],
            [
                .init(rows: .day(1), isDone: true, hasShards: true), .init(rows: .day(1), isDone: true),
                .init(rows: .day(2), isDone: true, hasShards: true),
                .init(rows: .day(3), isDone: true, hasShards: true), .init(rows: .day(3), isDone: false),
                .init(rows: .day(4), isDone: true),
            ])
        #expect(plan.units.isEmpty && plan.replacedDays.isEmpty)
        #expect(plan.revivedDays == [.day(1), .day(2)])
        #expect(plan.revivedDays.map { plan.revivedRows[$0] } == [1000, 0])
    }
}
