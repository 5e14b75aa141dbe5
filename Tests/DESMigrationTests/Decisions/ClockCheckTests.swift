import DESBase
import Testing

@testable import DESMigration

@Suite struct ClockCheckTests {
    private static let day: Int64 = 86_400_000_000
    private static let server: Int64 = 1_700_000_000_000_000

    private func verdict(_ difference: Int64) -> ClockCheck.Verdict {
        ClockCheck(
            now: Timestamp(microsecondsSinceEpoch: Self.server + difference),
            server: Timestamp(microsecondsSinceEpoch: Self.server)
        ).verdict
    }

    @Test(arguments: [0, 3_600_000_000, day, -day])
    func `clocks that differ by time zones and minutes are in order`(difference: Int64) {
        #expect(verdict(difference) == .inOrder)
        #expect(ClockCheck(now: .latest, server: nil).verdict == .inOrder)
    }

    @Test(arguments: [day + 1, 54 * 365 * day])
    func `a clock that is ahead, or behind, by more than a day is told`(difference: Int64) {
        if case .ahead(let text) = verdict(difference) {
            #expect(text.contains("2023-11-14T22:13:20Z"))
        } else {
            Issue.record("not ahead")
        }
        if case .behind = verdict(-difference) {} else { Issue.record("not behind") }
    }
}
