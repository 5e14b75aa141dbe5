import NIOHTTP1

/// What the fields of a request say about the request itself: where it ends, and what is wrong with that. Decides without I/O.
struct RequestFrame: Equatable {
    /// Why a request is refused, and the connection closed after it.
    struct Problem: Equatable {
        let status: HTTPStatus
        let detail: String
    }

    /// Bytes of the body; nil if the head does not tell.
    private(set) var contentLength: Int?
    /// Whether the body comes in chunks.
    private(set) var isChunked = false
    /// Whether the client waits for a go-ahead before it sends the body (RFC 9110, section 10.1.1).
    private(set) var expectsGoAhead = false
    /// Whether the parser takes what follows the request for another protocol.
    private(set) var offersOtherProtocol = false
    /// What is wrong.
    private(set) var problem: Problem?

    /// Whether a body follows.
    var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

    /// Looks at a head. This is done for each request, so names are told apart by their length first.
    init(_ head: HTTPRequestHead) {
        var hosts = 0
        var lengths = 0
        var offersUpgrade = false
        var wantsUpgrade = false
        for (name, value) in head.headers {
            switch name.utf8.count {
            case 4 where FieldText.isSame(name, "host"):
                hosts += 1
                if !HostField.isValid(value) {
                    problem = Problem(status: .badRequest, detail: "the field Host is not a host")
                }
            case 6 where FieldText.isSame(name, "expect"):
                if head.version.minor >= 1, Self.has("100-continue", in: value) { expectsGoAhead = true }
            case 7 where FieldText.isSame(name, "upgrade"): offersUpgrade = offersUpgrade || !value.isEmpty
            case 10 where FieldText.isSame(name, "connection"): lookAtOptions(value, &wantsUpgrade)
            case 14 where FieldText.isSame(name, "content-length"):
                lengths += 1
                contentLength = Int(value)
                if contentLength == nil {
                    problem = Problem(status: .contentTooLarge, detail: "the body is longer than any that is taken")
                }
            // Not a field of any RFC, but the parser takes it for Connection.
            case 16 where FieldText.isSame(name, "proxy-connection"): lookAtOptions(value, &wantsUpgrade)
            case 17 where FieldText.isSame(name, "transfer-encoding"):
                if isChunked || !FieldText.isSame(FieldText.trimmed(value.utf8[...]), "chunked") {
                    problem = Problem(
                        status: .notImplemented, detail: "of transfer codings only chunked is understood")
                }
                isChunked = true
            default: break
            }
        }
        offersOtherProtocol = head.method == .CONNECT || offersUpgrade && wantsUpgrade
        if problem == nil { problem = Self.problem(head, hosts: hosts, lengths: lengths, isChunked: isChunked) }
    }

    /// The options of a connection. The parser (llhttp) does not skip tabs around them, so that it and we would not agree on what they
    /// are, and on whether another protocol follows.
    private mutating func lookAtOptions(_ value: String, _ wantsUpgrade: inout Bool) {
        if value.utf8.contains(0x09) {
            problem = Problem(status: .badRequest, detail: "the field Connection has a tab")
        }
        wantsUpgrade = wantsUpgrade || Self.has("upgrade", in: value)
    }

    private static func problem(
        _ head: HTTPRequestHead, hosts: Int, lengths: Int, isChunked: Bool
    ) -> Problem? {
        // RFC 9112, section 3.2.
        if hosts != 1, hosts > 1 || head.version.minor >= 1 {
            return Problem(
                status: .badRequest, detail: hosts == 0 ? "the field Host is missing" : "the field Host is there twice")
        }
        // RFC 9112, sections 6.1 and 6.3: two ends of one message are how requests are smuggled past a proxy.
        if isChunked, lengths > 0 || head.version.minor == 0 {
            return Problem(
                status: .badRequest,
                detail: lengths > 0
                    ? "a body has a Content-Length or a Transfer-Encoding, not both"
                    : "HTTP/1.0 has no Transfer-Encoding")
        }
        if lengths > 1 { return Problem(status: .badRequest, detail: "the field Content-Length is there twice") }
        if head.method == .CONNECT {
            return Problem(status: .notImplemented, detail: "this is no proxy: there is no CONNECT")
        }
        return nil
    }

    /// Whether a list has an element, whatever its case.
    private static func has(_ element: StaticString, in list: String) -> Bool {
        if FieldText.isSame(list, element) { return true }
        return list.utf8.split(separator: UInt8(ascii: ",")).contains { part in
            FieldText.isSame(FieldText.trimmed(part), element)
        }
    }
}
