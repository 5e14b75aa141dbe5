import DESBase
import Testing

@Suite struct PercentCodingTests {
    @Test(
        arguments: [
            ("", ""), ("a+b", "a+b"), ("a%20b", "a b"), ("%C3%A4", "ä"), ("%c3%a4", "ä"), ("100%", nil), ("%2", nil),
            ("%+1", nil), ("%zz", nil),
            ("%FF", nil),
        ] as [(String, String?)])
    func `strictly, what is no escape or no UTF-8 is none`(text: String, decoded: String?) {
        #expect(PercentCoding.text(text) == decoded)
    }

    @Test(arguments: [("a+b", "a b"), ("100%", "100%"), ("%+1", "% 1"), ("%41%4", "A%4"), ("%FF", "%FF")])
    func `leniently, what is no escape stays, and all of it if it is no UTF-8`(text: String, decoded: String) {
        #expect(PercentCoding.lenient(text, plusIsBlank: true) == decoded)
    }

    @Test func `bytes that are no UTF-8 are decoded all the same`() {
        #expect(PercentCoding.lenientBytes("a+%FF", plusIsBlank: true) == [0x61, 0x20, 0xFF])
        #expect(PercentCoding.bytes("%FFa".utf8) == [0xFF, 0x61])
    }

    @Test func `everything but what is unreserved or kept is encoded`() {
        #expect(PercentCoding.encode("a/b ä~") == "a%2Fb%20%C3%A4~")
        #expect(PercentCoding.encode("a/b ä~", keeping: "/") == "a/b%20%C3%A4~")
        #expect(PercentCoding.encodingReserved("a:b%20c%") == "a%3Ab%20c%25")
    }
}
