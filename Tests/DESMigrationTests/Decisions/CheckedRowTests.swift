import DESBase
import DESCatalog
import Testing

@testable import DESMigration

@Suite struct CheckedRowTests {
    private func row(
        uid: CatalogValue = .text("u"), createdAt: CatalogValue = .text("2024-01-02 03:04:05"),
        location: CatalogValue = .text("/f"), size: CatalogValue = .null
    ) -> CatalogRow {
        let key = RowKey(rowID: 1, uid: uid, createdAt: createdAt, location: location)
        return CatalogRow(key: key, size: size, meta: [])
    }

    @Test(
        arguments: [
            (.text("a b"), "a b"), (.integer(42), "42"), (.integer(-1), "-1"), (.real(7), "7"),
            (.blob(Array("é".utf8)), "é"), (.text(" "), " "),
            (.text(String(repeating: "u", count: 65_535)), String(repeating: "u", count: 65_535)),
        ] as [(CatalogValue, String)])
    func `a uid is taken from text, whole numbers and bytes that are text`(value: CatalogValue, uid: String) throws {
        #expect(try CheckedRow(row(uid: value)).uid == uid)
        #expect(try CheckedRow(row(location: value)).location == uid)
    }

    @Test(
        arguments: [
            (.null, "NULL"), (.text(""), "\"\""), (.blob([]), "x''"),
            (.real(1.5), "1.5"), (.real(.nan), "nan"), (.real(1e300), "1e+300"),
        ] as [(CatalogValue, String)])
    func `a row without a usable uid or location is invalid, and the message shows the value`(
        value: CatalogValue, shown: String
    ) {
        let noUID = #expect(throws: SourceError.self) { try CheckedRow(row(uid: value)) }
        #expect(noUID?.reason == .invalidRow)
        #expect(noUID?.message == "the row has no uid (it is \(shown)); left unmarked")
        let noLocation = #expect(throws: SourceError.self) { try CheckedRow(row(location: value)) }
        #expect(noLocation?.reason == .invalidRow)
        #expect(noLocation?.message == "the row has no location (it is \(shown)); left unmarked")
    }

    @Test func `a uid is measured in bytes, not in characters`() {
        let error = #expect(throws: SourceError.self) {
            try CheckedRow(row(uid: .text(String(repeating: "é", count: 32_768))))
        }
        #expect(error?.reason == .uidTooLong)
        #expect(error?.message == "the uid has 65536 bytes, a shard holds at most 65535; left unmarked")
    }

    @Test(
        arguments: [
            .null, .text(""), .text("yesterday"), .text("2024-02-30"), .real(.nan), .blob([1, 2]),
        ] as [CatalogValue])
    func `a row without a readable time is invalid`(value: CatalogValue) {
        let error = #expect(throws: SourceError.self) { try CheckedRow(row(createdAt: value)) }
        #expect(error?.reason == .invalidRow)
        #expect(error?.message.hasPrefix("the row has no readable time (it is ") == true)
    }

    @Test(
        arguments: [
            (.null, nil), (.integer(0), 0), (.integer(.max), .max), (.real(12), 12), (.text("34"), 34),
            (.blob(Array("5".utf8)), 5),
        ] as [(CatalogValue, Int64?)])
    func `a size is a whole number in any form, or unknown`(value: CatalogValue, size: Int64?) throws {
        #expect(try CheckedRow(row(size: value)).size == size)
    }

    @Test(
        arguments: [
            .integer(-1), .integer(.min), .real(0.5), .real(.infinity), .text(""), .text("1 KiB"), .text("1e3"),
            .blob([0xFF]),
        ] as [CatalogValue])
    func `a size that is none is invalid`(value: CatalogValue) throws {
        let error = #expect(throws: SourceError.self) { try CheckedRow(row(size: value)) }
        #expect(error?.reason == .invalidRow)
    }

    @Test func `a message stays short, whatever the row holds`() {
        let error = #expect(throws: SourceError.self) {
            try CheckedRow(row(createdAt: .text(String(repeating: "x", count: 1_000_000))))
        }
        #expect((error?.message.count ?? .max) < 400)
    }
}
