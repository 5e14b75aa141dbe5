import DESBase
import Testing

@testable import DESMigration

@Suite struct MigrationSettingsTests {
    private static let now = Timestamp(microsecondsSinceEpoch: 1_700_000_000_123_456)

    @Test(
        arguments: [
            (.zero, 1_700_000_000_123_456), (.seconds(7 * 86_400), 1_699_395_200_123_456),
            (.microseconds(1), 1_700_000_000_123_455), (.nanoseconds(999), 1_700_000_000_123_456),
            (.seconds(1.5), 1_699_999_998_623_456), (.seconds(-1), 1_700_000_001_123_456),
            (.seconds(2_000_000_000), -299_999_999_876_544),
        ] as [(Duration, Int64)])
    func `the cutoff lies the archive age before now, to the microsecond`(age: Duration, cutoff: Int64) {
        let settings = MigrationSettings(archiveAge: age)
        #expect(settings.cutoff(at: Self.now) == Timestamp(microsecondsSinceEpoch: cutoff))
    }

    @Test func `without an age every file is older than the cutoff`() {
        #expect(MigrationSettings(archiveAge: nil).cutoff(at: Self.now) == .latest)
    }

    @Test(
        arguments: [
            .seconds(Int64(800_000) * 86_400), .seconds(Int64.max),
            .seconds(9_223_372_036_854) + .microseconds(999_999), .seconds(9_223_372_036_855),
        ] as [Duration])
    func `an age beyond all calendars leaves every file alone`(age: Duration) {
        #expect(MigrationSettings(archiveAge: age).cutoff(at: Self.now) == .earliest)
    }

    @Test func `seven days are the standard age`() {
        #expect(MigrationSettings().archiveAge == .seconds(604_800))
    }
}
