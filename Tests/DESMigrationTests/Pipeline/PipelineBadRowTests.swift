import DESBase
import DESCatalog
import DESMigration
import Testing

/// Each bad row fails alone, with a message that says what it lacks; the others go through.
@Suite struct PipelineBadRowTests {
    enum Column: String, Sendable { case uid, createdAt, location, size }

    struct BadRow: Sendable, CustomTestStringConvertible {
        let column: Column
        let value: CatalogValue
        let reason: FailureReason
        /// What the message has to say.
        let text: String

        var testDescription: String { "\(column.rawValue) = \(String("\(value)".prefix(40)))" }
    }

    static let badRows: [BadRow] = [
        BadRow(column: .uid, value: .null, reason: .invalidRow, text: "no uid (it is NULL)"),
        BadRow(column: .uid, value: .text(""), reason: .invalidRow, text: #"no uid (it is "")"#),
        BadRow(column: .uid, value: .real(1.5), reason: .invalidRow, text: "no uid (it is 1.5)"),
        BadRow(column: .uid, value: .blob([0xFF, 0xFE]), reason: .invalidRow, text: "no uid (it is x'fffe')"),
        BadRow(
            column: .uid, value: .text(String(repeating: "u", count: 65_536)), reason: .uidTooLong, text: "65536 bytes"
        ),
        BadRow(
            column: .uid, value: .text(String(repeating: "ü", count: 50_000)), reason: .uidTooLong, text: "100000 bytes"
        ),
        BadRow(column: .createdAt, value: .null, reason: .invalidRow, text: "no readable time (it is NULL)"),
        BadRow(column: .createdAt, value: .text(""), reason: .invalidRow, text: #"no readable time (it is "")"#),
        BadRow(column: .createdAt, value: .text("yesterday"), reason: .invalidRow, text: "yesterday"),
        BadRow(column: .createdAt, value: .text("2024-02-30T00:00:00Z"), reason: .invalidRow, text: "2024-02-30"),
        BadRow(column: .location, value: .null, reason: .invalidRow, text: "no location (it is NULL)"),
        BadRow(column: .location, value: .text(""), reason: .invalidRow, text: #"no location (it is "")"#),
        BadRow(column: .location, value: .blob([0xFF]), reason: .unsupportedLocation, text: "x'ff' is no UTF-8"),
        BadRow(column: .size, value: .integer(-1), reason: .invalidRow, text: "size -1"),
        BadRow(column: .size, value: .text("many"), reason: .invalidRow, text: #"size "many""#),
        BadRow(column: .size, value: .real(0.5), reason: .invalidRow, text: "size 0.5"),
        BadRow(column: .size, value: .integer(4), reason: .sizeMismatch, text: "has 3 bytes, the catalog says 4"),
        BadRow(column: .size, value: .integer(.max), reason: .sizeMismatch, text: "9223372036854775807"),
    ]

    @Test(arguments: badRows)
    func `A row without what is needed fails alone and says what it lacks`(bad: BadRow) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(5)
        let path = "\(fixture.sources)/bad"
        try PipelineDisk.write([1, 2, 3], to: path)
        func value(_ column: Column, _ good: CatalogValue) -> CatalogValue { bad.column == column ? bad.value : good }
        let id = try fixture.table.insert(
            uid: value(.uid, .text("bad")), createdAt: value(.createdAt, .text("2024-10-04T00:00:03Z")),
            location: value(.location, .text(path)), size: value(.size, .integer(3))
        )
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 5, failed: 1)
        let failure = try #require(outcome.result.errors.first)
        #expect(failure.reason == bad.reason)
        #expect(failure.message.contains(bad.text), "\(failure.message.prefix(500))")
        #expect(failure.message.contains("unmarked"), "says what happens next: \(failure.message.prefix(500))")
        #expect(outcome.result.fatalError == nil)
        #expect(try !fixture.table.markedIDs().contains(id))
        #expect(PipelineDisk.read(path) == [1, 2, 3])
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)

        // It fails again, and again alone.
        let again = try await fixture.run()
        again.expectBooks(migrated: 0, failed: 1)
    }

    @Test func `A NULL size is not compared with anything`() async throws {
        let fixture = try PipelineFixture()
        let file = try fixture.add()
        try fixture.table.execute("UPDATE files SET size_bytes = NULL")
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 1)
        #expect(outcome.result.totalSizeBytes == Int64(file.bytes.count))
        try fixture.expectSettled(fixture.files)
    }

    static let oddUIDs = [
        " ", "a b", "a/b", "../../etc/passwd", "/", "a\\b", "line\nbreak", "\r\n", "tab\t", "\"quoted\"",
        "'; DROP TABLE",
        "\u{1}", "ünïcödé", "文件", "👩‍👩‍👧‍👦", "e\u{301}", "0", "007", "123456789012345678901234567890", "-1", ".", "..", "_",
        "%00",
        "{\"json\": true}", String(repeating: "u", count: 255), String(repeating: "u", count: 65_535),
        String(repeating: "ü", count: 32_767),
    ]

    @Test func `Uids may hold anything and be as long as the format allows`() async throws {
        let fixture = try PipelineFixture()
        for uid in Self.oddUIDs { try fixture.add(uid: uid, day: 3) }
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: Self.oddUIDs.count)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `Numbers and bytes as uid are taken as the text that they read as`() async throws {
        let fixture = try PipelineFixture()
        let values: [(CatalogValue, String)] = [
            (.integer(42), "42"), (.real(43), "43"), (.blob(Array("44".utf8)), "44"), (.integer(-7), "-7"),
        ]
        for (number, (value, _)) in values.enumerated() {
            let path = "\(fixture.sources)/\(number)"
            try PipelineDisk.write([UInt8(number)], to: path)
            _ = try fixture.table.insert(
                uid: value, createdAt: .integer(1_700_000_000), location: .blob(Array(path.utf8)), size: .text("1")
            )
        }
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 4)
        let archive = try PipelineArchive(fixture.output)
        for (number, (_, uid)) in values.enumerated() { #expect(archive[uid]?.bytes == [UInt8(number)]) }
        #expect(try fixture.table.markedIDs().count == 4)
    }

    @Test func `Empty files are migrated like others`() async throws {
        let fixture = try PipelineFixture()
        try fixture.add(bytes: [])
        try fixture.add(bytes: [7])
        try fixture.add(bytes: [])
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 3)
        #expect(outcome.result.totalSizeBytes == 1)
        try fixture.expectSettled(fixture.files)
    }

    @Test func `More rows fail than are kept with their text, and the books still add up`() async throws {
        let fixture = try PipelineFixture()
        try fixture.add()
        try fixture.table.execute(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1500)
            INSERT INTO files (uid, created_at, file_location, size_bytes)
            SELECT 'gone-' || i, '2024-10-04T00:00:03Z', '/nowhere/' || i, 1 FROM n
            """
        )
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 1, failed: 1500)
        #expect(outcome.result.errors.count == 1000)
        #expect(outcome.result.errorsOmitted == 500)
        #expect(outcome.log.count { $0.contains("file not migrated") } <= 1001)
        try fixture.expectSettled(fixture.files)
    }
}
