import DESBase
import DESCatalog
import DESCoordination
import DESRouting
import Testing

@Suite("Units of work")
struct WorkUnitTests {
    private static let day: Int64 = 86_400_000_000

    private func unit(
        _ rows: WorkUnit.Rows, _ shards: ClosedRange<Int> = 0...255, bits: Int = 8, cutoff: Int64 = .max / 2
    ) throws -> WorkUnit {
        let bits = try #require(ShardBits(bits))
        return WorkUnit(
            rows: rows, shards: shards, bits: bits, cutoff: Timestamp(microsecondsSinceEpoch: cutoff), plannedRows: 1)
    }

    @Test(
        "A unit is named by its day and its shards",
        arguments: [
            (WorkUnit.Rows.day(19_737), 0...255, 8, "2024-01-15"),
            (.day(19_737), 0...127, 8, "2024-01-15/00-7f"),
            (.day(0), 255...255, 8, "1970-01-01/ff-ff"),
            (.day(-1), 0...7, 4, "1969-12-31/00-07"),
            (.day(-719_162), 0...15, 4, "0001-01-01"),
            (.day(2_932_896), 32_768...65_535, 16, "9999-12-31/8000-ffff"),
            (.undated, 0...255, 8, "undated"),
        ])
    func name(rows: WorkUnit.Rows, shards: ClosedRange<Int>, bits: Int, name: String) throws {
        #expect(try unit(rows, shards, bits: bits).name == name)
    }

    @Test("A day is read from midnight to midnight, without rows that have no time")
    func dayRange() throws {
        let range = try unit(.day(10)).range
        #expect(range.from.microsecondsSinceEpoch == 10 * Self.day)
        #expect(range.before.microsecondsSinceEpoch == 11 * Self.day)
        #expect(!range.includesUndated)
    }

    @Test("A day ends at the cutoff, and is empty if it lies after it")
    func cutoff() throws {
        #expect(try unit(.day(10), cutoff: 10 * Self.day + 5).range.before.microsecondsSinceEpoch == 10 * Self.day + 5)
        let later = try unit(.day(10), cutoff: 9 * Self.day).range
        #expect(later.before < later.from)
    }

    @Test("The rows without a time are those, and none with one")
    func undatedRange() throws {
        let range = try unit(.undated).range
        #expect(range.includesUndated)
        #expect(range.from == range.before)
    }
}
