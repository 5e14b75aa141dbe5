import DESBase
import Foundation
import Testing

@testable import DESS3

@Suite struct CodingTests {
    @Test(
        "Times are written and read as HTTP and S3 have them",
        arguments: [
            (0, "19700101T000000Z", "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
            (1_369_353_600, "20130524T000000Z", "2013-05-24T00:00:00Z", "Fri, 24 May 2013 00:00:00 GMT"),
            (951_782_399, "20000228T235959Z", "2000-02-28T23:59:59Z", "Mon, 28 Feb 2000 23:59:59 GMT"),
            (951_868_799, "20000229T235959Z", "2000-02-29T23:59:59Z", "Tue, 29 Feb 2000 23:59:59 GMT"),
            (4_102_444_800, "21000101T000000Z", "2100-01-01T00:00:00Z", "Fri, 01 Jan 2100 00:00:00 GMT"),
        ] as [(Int64, String, String, String)])
    func times(_ seconds: Int64, _ basic: String, _ extended: String, _ http: String) {
        let time = Timestamp(secondsSinceEpoch: seconds)
        #expect(time.basicText == basic)
        #expect(time.secondText == extended)
        #expect(Timestamp(s3Text: basic) == time)
        #expect(Timestamp(s3Text: extended) == time)
        #expect(Timestamp(s3Text: extended.dropLast() + ".123Z") == time)
        #expect(HTTPDate.moment(http) == time)
    }

    @Test(
        "What is not a time is none",
        arguments: ["", "Fri, 24 May 2013 00:00:00 CET", "x", "2013-05-24", "20130524T996000Z"])
    func noTimes(_ text: String) {
        #expect(Timestamp(s3Text: text) == nil)
        #expect(HTTPDate.moment(text) == nil)
    }

    @Test(
        "Base64 is that of RFC 4648",
        arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")])
    func base64(_ text: String, _ encoded: String) { #expect(Array(text.utf8).base64 == encoded) }

    @Test("A CRC-32 is four bytes in Base64", arguments: [0, 1, 0xCBF4_3926, .max] as [UInt32])
    func crc32(_ value: UInt32) {
        #expect(CRC32Text.decode(CRC32Text.encode(value)) == value)
        #expect(CRC32Text.decode(CRC32Text.encode(value) + "-3") == nil)
    }

    @Test("The checksums of a payload are the known ones")
    func digests() {
        let digests = PayloadDigests.of(Array("123456789".utf8), [.sha256, .md5, .crc32])
        #expect(digests.sha256?.hexadecimal == "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225")
        #expect(digests.md5?.hexadecimal == "25f9e794323b453885f5181f1b624d0b")
        #expect(digests.crc32 == 0xCBF4_3926)
        #expect(PayloadDigests.of([1], .md5).known == .md5)
    }

    @Test(
        "A Content-Range is read, or refused",
        arguments: [
            ("bytes 0-9/100", 0..<10, 100), ("bytes 5-5/*", 5..<6, nil), ("bytes */100", nil, 100),
        ] as [(String, Range<UInt64>?, UInt64?)])
    func contentRange(_ text: String, _ range: Range<UInt64>?, _ size: UInt64?) throws {
        let parsed = try #require(ContentRange(text))
        #expect(parsed.range == range)
        #expect(parsed.size == size)
    }

    @Test(
        "A Content-Range that makes no sense is refused",
        arguments: ["", "bytes", "bytes 9-0/100", "bytes 0-9", "items 0-9/10", "bytes -9/10", "bytes 0-9/10x"])
    func noContentRange(_ text: String) { #expect(ContentRange(text) == nil) }

    @Test("A header is found whatever its case, and only as a whole")
    func headers() {
        let response = HTTPResponse(
            status: 200,
            headers: [("X-ETag", "no"), ("ETag", " \"abc\"  "), ("etag", "second"), ("Content-Length", "12")])
        #expect(response.header("etag") == "\"abc\"")
        #expect(response.number("content-length") == 12)
        #expect(response.header("length") == nil)
        #expect("W/\"abc\"".unquoted == "abc")
    }

    @Test(
        "An s3:// location is a bucket and all behind it",
        arguments: [
            ("s3://b/k", "b", "k"), ("s3://b//k", "b", "/k"), ("s3://b/a%20b?c#d", "b", "a%20b?c#d"),
        ])
    func locations(_ text: String, _ bucket: String, _ key: String) {
        #expect(S3Location(text) == S3Location(bucket: bucket, key: key))
        #expect(S3Location(text)?.description == text)
    }

    @Test(
        "What is no s3:// location is none", arguments: ["s3://", "s3://b", "s3://b/", "s3:///k", "/b/k", "http://b/k"])
    func noLocations(_ text: String) { #expect(S3Location(text) == nil) }

    @Test("A range is cut to the object's size")
    func ranges() {
        #expect(S3Range.bytes(5..<20).resolved(in: 10) == 5..<10)
        #expect(S3Range.from(3).resolved(in: 10) == 3..<10)
        #expect(S3Range.suffix(4).resolved(in: 10) == 6..<10)
        #expect(S3Range.suffix(40).resolved(in: 10) == 0..<10)
        #expect(S3Range.bytes(0..<10).header == "bytes=0-9")
    }
}

@Suite struct XMLReaderTests {
    @Test("A document with prefixes, entities and CDATA is read")
    func document() throws {
        let text = """
            <?xml version="1.0" encoding="UTF-8"?>
            <a:Result xmlns:a="urn:a"><a:Key>x &amp; &#228;<![CDATA[ <y>]]></a:Key><Empty/><Key>2</Key></a:Result>
            """
        let tree = try XMLReader.read(Array(text.utf8))
        #expect(tree.name == "Result")
        #expect(tree.text("Key") == "x & ä <y>")
        #expect(tree.all("Key").map(\.text) == ["x & ä <y>", "2"])
        #expect(tree.text("Empty") == "")
        #expect(tree["Missing"] == nil)
    }

    @Test("A document that is cut off anywhere is refused")
    func truncated() throws {
        let text = Array("<A><B>text</B><C>&lt;</C></A>".utf8)
        for count in 0..<text.count {
            #expect(throws: XMLReader.Failure.self) { try XMLReader.read(Array(text[..<count])) }
        }
        #expect(try XMLReader.read(text).children.count == 2)
    }

    @Test("Entities of a document's own and endless nesting are refused")
    func hostile() {
        let entities = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"
        #expect(throws: XMLReader.Failure.self) { try XMLReader.read(Array(entities.utf8)) }
        let deep = String(repeating: "<a>", count: 1000) + String(repeating: "</a>", count: 1000)
        #expect(throws: XMLReader.Failure.self) { try XMLReader.read(Array(deep.utf8)) }
    }

    @Test("Text that is escaped is read as it was", arguments: ["a&b<c>\"d'", "line\r\nend\t", "ä€😀", "]]>"])
    func escaping(_ text: String) throws {
        let escaped = try #require(XMLReader.escaped(text))
        #expect(try XMLReader.read(Array("<a>\(escaped)</a>".utf8)).text == text)
    }

    @Test("Characters that XML 1.0 cannot hold are told", arguments: ["\u{0}", "a\u{1}", "\u{FFFF}"])
    func impossible(_ text: String) { #expect(XMLReader.escaped(text) == nil) }
}
