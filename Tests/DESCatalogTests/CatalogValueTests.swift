import DESBase
import DESCatalog
import Testing

@Suite("Catalog values")
struct CatalogValueTests {
    static let uids: [(CatalogValue, String?)] = [
        (.null, nil), (.integer(42), "42"), (.integer(-1), "-1"), (.real(42), "42"), (.real(1.5), nil),
        (.text("a b/c\n"), "a b/c\n"), (.text(""), ""), (.text("007"), "007"), (.blob([0x61]), "a"),
        (.blob([0xFF]), nil),
    ]

    @Test("The text of a uid is exact, and nil where there is none", arguments: uids)
    func uidText(value: CatalogValue, text: String?) {
        #expect(value.uidText == text)
    }

    static let moments: [CatalogValue] = [
        .text("2024-01-02 03:04:05"), .text("2024-01-02T05:04:05+02:00"), .text("1704164645"), .integer(1_704_164_645),
        .integer(1_704_164_645_000), .integer(20_240_102_030_405), .real(1_704_164_645), .real(20_240_102_030_405),
        .blob(Array("2024-01-02T03:04:05Z".utf8)),
    ]

    @Test("One moment is the same whatever its stored form", arguments: moments)
    func moment(value: CatalogValue) {
        #expect(value.timestamp?.rfc3339 == "2024-01-02T03:04:05Z")
    }

    @Test(
        "What is no time is nil",
        arguments: [.null, .text(""), .text("soon"), .real(.nan), .blob([0xFF])] as [CatalogValue])
    func noTime(value: CatalogValue) {
        #expect(value.timestamp == nil)
    }

    static let integers: [(CatalogValue, Int64?)] = [
        (.integer(-5), -5), (.real(7), 7), (.real(7.5), nil), (.real(1e300), nil), (.text("12"), 12),
        (.text("12 kB"), nil),
        (.text(""), nil), (.null, nil), (.blob(Array("9".utf8)), 9),
    ]

    @Test("A whole number is one in any storage class", arguments: integers)
    func integer(value: CatalogValue, number: Int64?) {
        #expect(value.integerValue == number)
    }
}
