import DESBase
import Testing

@testable import DESCatalog

@Suite("The moments from which a trial looks at rows")
struct MarkTrialMomentTests {
    private static func day(_ number: Int64) -> Timestamp {
        Timestamp(microsecondsSinceEpoch: number * 86_400_000_000)
    }

    /// All moments, for a table with rows on these days.
    private static func moments(_ days: [Int64], to newest: Int64) -> [Timestamp] {
        var moments = MarkTrialMoments(from: day(days[0]), to: day(newest))
        var last: Timestamp? = day(days[0])
        var all: [Timestamp] = []
        while let moment = moments.next(after: last) {
            all.append(moment)
            last = days.map(day).first { $0 >= moment }
        }
        return all
    }

    @Test(
        "They are few, lie between the oldest and the newest row, and meet what lies beyond a gap",
        arguments: [
            ([0, 10_000, 20_000], 20_000), (Array(0...3650), 3650), ([0] + Array(18_000...20_000), 20_000),
            (Array(0...100) + [20_000], 20_000), ([5, 6], 6),
        ] as [([Int64], Int64)])
    func between(days: [Int64], newest: Int64) {
        let moments = Self.moments(days, to: newest)
        #expect((1...10).contains(moments.count))
        #expect(moments.allSatisfy { $0 > Self.day(days[0]) && $0 <= Self.day(newest) })
        let seen = moments.compactMap { moment in days.first { Self.day($0) >= moment } }
        #expect(seen.contains { $0 > days[days.count / 2 - 1] && $0 <= newest })
        #expect(seen.contains { $0 >= newest - max(1, (newest - days[0]) / 16) })
    }

    @Test("An early row alone does not keep the others from being looked at in many places")
    func outlier() {
        let days: [Int64] = [0] + Array(18_000...20_000)
        let seen = Set(Self.moments(days, to: 20_000).compactMap { moment in days.first { Self.day($0) >= moment } })
        #expect(seen.count >= 5)
    }

    @Test("Rows of one moment, or none that are due, give none", arguments: [0, -1, -10_000])
    func none(newest: Int64) {
        #expect(Self.moments([0], to: newest).isEmpty)
    }
}
