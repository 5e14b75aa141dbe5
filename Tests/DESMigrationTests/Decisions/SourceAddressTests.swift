import DESCatalog
import Testing

@testable import DESMigration

@Suite struct SourceAddressTests {
    /// What a location is: `path …`, `relative …`, `object`, or the reason why it cannot be read.
    private func kind(_ text: String) -> String {
        switch SourceAddress(text) {
        case .absolutePath(let path): "path \(path)"
        case .relativePath(let path): "relative \(path)"
        case .object: "object"
        case .unreadable(let error): error.reason.rawValue
        }
    }

    @Test(arguments: [
        ("file:///data/a", "/data/a"), ("FILE:///data/a", "/data/a"), ("file://localhost/data/a", "/data/a"),
        ("File://LocalHost/data/a", "/data/a"), ("file:///data/a%20b%25", "/data/a b%"),
        ("file:///data/%C3%A9", "/data/é"),
        ("file:///data/a?b#c", "/data/a?b#c"), ("file:///", "/"), ("/data/a", "/data/a"),
        ("/data/a%20b", "/data/a%20b"),
        ("/https://x", "/https://x"), ("//host/a", "//host/a"),
    ])
    func `a URL of a file is its path, in whatever case and with this machine's name`(text: String, path: String) {
        #expect(kind(text) == "path \(path)")
    }

    @Test(arguments: [
        "https://cdn.example.com/a.jpg", "HTTP://h/a", "gs://b/a", "s3a://b/a", "s3n://b/a", "azure://c/a",
        "abfss://c@h/a",
        "unknown+x.y-1://h/a", "data:text/plain;base64,aGVsbG8=", "urn:isbn:1", "gs:b/a", "s3:/b/a", "s3:b",
        "http:/h/a",
        "file:/srv/a", "file:a", "file:", "file://", "file://localhost", "file://server/share/a", "file://127.0.0.1/a",
        "file://%2Fa", "jar:file:/a!/b", "url:https://h/a", " https://h/a", "\tgs://b/a", "\nfile:///a", "C:/a",
        "c:\\a",
        "\\\\server\\share\\a",
    ])
    func `what begins with a scheme that DES does not read is no relative path`(text: String) {
        #expect(kind(text) == "unsupported_location")
    }

    @Test(arguments: [
        "a", "in/a", "./https://x", "a:b", "photo:1.jpg", "12:30.log", "C:a", "in/s3://x", "http", "é:b", "a b://c",
        "://a", "",
        "www.example.com/a", "2026-01-31T12:00:00Z", "~/a", "e\u{301}://x",
    ])
    func `a colon in a file name makes no URL of it`(text: String) {
        #expect(kind(text) == "relative \(text)")
    }

    @Test(arguments: ["s3://b/k", "S3://b/k", "s3://", "s3://b"])
    func `an object in S3 is one, well-formed or not`(text: String) {
        #expect(kind(text) == "object")
    }

    @Test(arguments: ["a\0b", "/a\0", "file:///a%00", "file:///a%", "file:///a%G0", "file:///a%4", "file:///%+1"])
    func `a NUL byte or a malformed escape makes the row invalid`(text: String) {
        #expect(kind(text) == "invalid_row")
    }

    @Test(arguments: ["file:///data/%E9", "file:///data/%C3", "file:///%FF%FE", "file:///data/%ED%A0%80"])
    func `bytes that are no UTF-8 never become the name of another file`(text: String) throws {
        guard case .unreadable(let error) = SourceAddress(text) else {
            Issue.record("\(text) is \(SourceAddress(text))")
            return
        }
        #expect(error.reason == .unsupportedLocation)
        #expect(error.message.contains("no UTF-8"))
    }

    @Test func `a location of bytes that are no UTF-8 is refused with that reason`() throws {
        let key = RowKey(
            rowID: 1, uid: .text("a"), createdAt: .integer(1_700_000_000), location: .blob([0x2F, 0x61, 0xE9]))
        let error = #expect(throws: SourceError.self) {
            try CheckedRow(CatalogRow(key: key, size: .null, meta: []))
        }
        #expect(error?.reason == .unsupportedLocation)
        #expect(error?.message == "the location x'2f61e9' is no UTF-8, and DES reads no such file; left unmarked")
    }

    @Test(
        arguments: [
            ("/data", "/data/in/a"), ("/data/", "/data/in/a"), ("/", "/in/a"), (nil, "in/a"),
        ] as [(String?, String)])
    func `a relative location is meant from the base folder, an absolute one is not`(base: String?, path: String) throws
    {
        #expect(try SourceAddress("in/a").path(base: base) == path)
        #expect(try SourceAddress("/in/a").path(base: base) == "/in/a")
        #expect(SourceAddress("in/a").isRelative && !SourceAddress("/in/a").isRelative)
    }

    @Test func `a message does not repeat a location of megabytes`() {
        guard case .unreadable(let error) = SourceAddress("data:," + String(repeating: "x", count: 1 << 20)) else {
            Issue.record("it can be read")
            return
        }
        #expect(error.message.utf8.count < 1000)
    }
}
