import DESBase
import DESCatalog
import Testing

struct PlausibleTimesTests {
    private let times: PlausibleTimes

    init() throws { times = PlausibleTimes(now: try #require(Timestamp(parsing: "2026-11-30T12:00:00Z"))) }

    @Test(
        "numbers of today that count from elsewhere, or something else, are told from Unix times",
        arguments: [
            ("Julian day", .real(2_461_375.5)), ("Julian day, whole", .integer(2_461_376)),
            (".NET ticks", .integer(639_000_000_000_000_000)), ("FILETIME", .integer(134_000_000_000_000_000)),
            ("Core Data", .real(817_732_800.25)), ("Core Data, whole", .integer(817_732_800)),
            ("Core Data as text", .text("817732800")), ("Excel", .real(46_356.5)),
            ("days since 1970", .integer(20_787)),
            ("HFS", .integer(3_863_000_000)), ("zero", .integer(0)), ("minus one", .integer(-1)),
            ("Unix nanoseconds cut short", .integer(179_000_000_000_000_000)), ("hours since 1970", .integer(498_900)),
            ("the year", .integer(2026)), ("a text long past", .text("0001-01-01")),
            ("zero date", .text("1970-01-01 00:00:00")),
            ("a text to come", .text("2026-12-03")), ("9999", .text("9999-12-31")),
        ] as [(String, CatalogValue)])
    func odd(name: String, value: CatalogValue) {
        #expect(value.timestamp != nil)
        #expect(!times.contains(value), "\(name): \(value.timestamp?.rfc3339 ?? "")")
    }

    @Test(
        "times of files are plausible in every form",
        arguments: [
            .integer(1_795_000_000), .integer(1_795_000_000_000), .integer(1_795_000_000_000_000),
            .integer(1_795_000_000_000_000_000), .real(1_795_000_000.5), .text("1795000000"), .text("1990-01-01"),
            .text("1995-06-07 08:09:10"), .integer(19_950_607), .text("19950607"), .integer(19_950_607_080_910),
            .text("2026-12-01"),
            .integer(978_307_200), .null, .text("soon"),
        ] as [CatalogValue])
    func plausible(value: CatalogValue) {
        #expect(times.contains(value), "\(value.timestamp?.rfc3339 ?? "")")
    }
}
