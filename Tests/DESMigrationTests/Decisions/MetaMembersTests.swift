import DESBase
import DESCatalog
import DESShard
import Foundation
import Testing

@testable import DESMigration

@Suite struct MetaMembersTests {
    /// The meta of an entry with these members, read by somebody else's JSON parser.
    private func meta(_ columns: [String], _ values: [CatalogValue]) throws -> [String: Any] {
        let members = ByteBuffer()
        MetaMembers(columns: columns).append(values, to: members)
        let meta = ByteBuffer()
        Array("2024-01-02T03:04:05Z".utf8).withUnsafeBytes {
            EntryMeta.append(to: meta, createdAt: $0, crc32: CRC32(value: 0xABCD), moreMembers: members.bytes)
        }
        let object = try JSONSerialization.jsonObject(with: Data(meta.bytes))
        let dictionary = try #require(object as? [String: Any])
        #expect(dictionary["created_at"] as? String == "2024-01-02T03:04:05Z")
        #expect(dictionary["crc32"] as? String == "0000abcd")
        #expect(dictionary.count == columns.count + 2)
        return dictionary
    }

    private static let hostileTexts: [String] = [
        "", "plain", "\"", "\\", "\\\"", "\",\"uid\":\"other", "\"}", "\\u0000", "\u{0}", "a\u{0}b", "\n\r\t\u{8}\u{C}",
        "\u{1}\u{1F}\u{7F}\u{80}\u{9F}", "é", "e\u{301}", "\u{2028}\u{2029}", "no\u{FEFF}break", "\u{FFFD}\u{FFFF}",
        "👩‍👩‍👧‍👦", "\u{10FFFF}", "</script>", "'; DROP TABLE files; --",
        String((0..<0x80).map { Character(UnicodeScalar($0)) }),
        String(repeating: "\"\\", count: 10_000),
    ]

    @Test(arguments: hostileTexts) func `a text of any kind is one JSON string of the same characters`(
        text: String
    ) throws {
        let value = try #require(try meta(["column"], [.text(text)])["column"] as? String)
        #expect(Array(value.utf8) == Array(text.utf8))
    }

    @Test(arguments: hostileTexts) func `a column of any name is one member of that name`(name: String) throws {
        let meta = try meta([name], [.integer(1)])
        #expect(meta.keys.contains { Array($0.utf8) == Array(name.utf8) })
    }

    @Test func `every control character stands as six plain ones`() {
        for code in UInt8(0)..<0x20 {
            let output = ByteBuffer()
            MetaMembers(columns: ["c"]).append([.text(String(UnicodeScalar(code)))], to: output)
            let hex = String(code, radix: 16)
            #expect(String(decoding: output.bytes, as: UTF8.self) == ",\"c\":\"\\u00\(code < 16 ? "0" : "")\(hex)\"")
        }
    }

    @Test(arguments: [0, 1, -1, 42, .min, .max] as [Int64]) func `a whole number stands as itself`(
        number: Int64
    ) throws {
        let value = try #require(try meta(["column"], [.integer(number)])["column"] as? NSNumber)
        #expect(value.int64Value == number)
    }

    @Test(arguments: [0, 0.5, -1.25, 1e21, 1e-7, .pi, .leastNonzeroMagnitude, .greatestFiniteMagnitude] as [Double])
    func `a real number stands as itself`(number: Double) throws {
        let value = try #require(try meta(["column"], [.real(number)])["column"] as? NSNumber)
        #expect(value.doubleValue == number)
    }

    @Test(arguments: [(.infinity, "inf"), (-.infinity, "-inf"), (.nan, "nan")] as [(Double, String)])
    func `what JSON has no number for stands as text`(number: Double, text: String) throws {
        #expect(try meta(["column"], [.real(number)])["column"] as? String == text)
    }

    @Test func `NULL is null, bytes are hexadecimal, and all columns come in their order`() throws {
        let output = ByteBuffer()
        MetaMembers(columns: ["a", "b", "c"]).append([.null, .blob([0, 0x0F, 0xA0, 0xFF]), .text("t")], to: output)
        #expect(String(decoding: output.bytes, as: UTF8.self) == ",\"a\":null,\"b\":\"000fa0ff\",\"c\":\"t\"")
        #expect(try meta(["a"], [.null])["a"] is NSNull)
    }

    @Test func `every sample value keeps the meta valid`() throws {
        let values = CatalogValue.samples
        _ = try meta(values.indices.map { "column \($0)" }, values)
    }

    @Test func `without columns there are no members`() {
        let output = ByteBuffer()
        MetaMembers(columns: []).append([], to: output)
        #expect(output.count == 0)
    }
}
