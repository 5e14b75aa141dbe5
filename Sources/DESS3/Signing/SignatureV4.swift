import DESBase

/// Signs requests as AWS Signature Version 4 does, in the `Authorization` header.
///
/// From "Signature Version 4 signing process" of the AWS General Reference, and for S3 "Authenticating Requests: Using the
/// Authorization Header" of its API Reference: the path is encoded once and not normalised. Knows no clock and no I/O.
package struct SignatureV4: Sendable {
    /// The payload hash of a request whose payload is not signed.
    package static let unsignedPayload = "UNSIGNED-PAYLOAD"
    /// SHA-256 of nothing.
    package static let emptyPayload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// What of a request is signed.
    package struct Request: Sendable {
        package var method: String
        /// Percent-encoded; begins with `/`.
        package var path: String
        /// Percent-encoded and sorted, as ``URICoding/query(_:)`` gives it.
        package var query: String
        /// All that are signed, `host` among them; names of any case, in any order.
        package var headers: [(name: String, value: String)]
        /// SHA-256 in hexadecimal, or ``SignatureV4/unsignedPayload``.
        package var payloadHash: String

        package init(
            method: String, path: String, query: String, headers: [(name: String, value: String)], payloadHash: String
        ) {
            self.method = method
            self.path = path
            self.query = query
            self.headers = headers
            self.payloadHash = payloadHash
        }
    }

    package let accessKeyID: String
    package let region: String
    package let service: String
    /// As in `20130524`.
    package let day: String
    private let key: MessageKey
    private let scope: [UInt8]

    /// Derives the key, which holds for a day, a region and a service.
    ///
    /// - Parameter day: UTC, as in `20130524`.
    package init(accessKeyID: String, secretAccessKey: String, day: String, region: String, service: String) {
        self.accessKeyID = accessKeyID
        self.region = region
        self.service = service
        self.day = day
        var key = Digest.hmac(key: Array("AWS4\(secretAccessKey)".utf8), day.utf8)
        for part in [region, service, "aws4_request"] { key = Digest.hmac(key: key, part.utf8) }
        self.key = MessageKey(key)
        scope = Array("\(day)/\(region)/\(service)/aws4_request".utf8)
    }

    /// The value of `Authorization`.
    ///
    /// - Parameter time: that of `x-amz-date`, of this day.
    package func authorization(for request: Request, at time: String) -> String {
        let (canonical, names) = Self.canonicalRequest(request)
        let digest = Digest(.sha256)
        canonical.withUnsafeBytes { digest.update($0) }
        let signature = key.authenticate(stringToSign(digest.finishAndRestart(), at: time), digest)
        var text: [UInt8] = []
        text.reserveCapacity(320)
        text += Self.algorithm
        text += " Credential=".utf8
        text += accessKeyID.utf8
        text.append(UInt8(ascii: "/"))
        text += scope
        text += ",SignedHeaders=".utf8
        text += names
        text += ",Signature=".utf8
        signature.appendHexadecimal(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private static let algorithm = Array("AWS4-HMAC-SHA256".utf8)

    func stringToSign(_ canonicalHash: [UInt8], at time: String) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(192)
        text += Self.algorithm
        text.append(10)
        text += time.utf8
        text.append(10)
        text += scope
        text.append(10)
        canonicalHash.appendHexadecimal(to: &text)
        return text
    }

    /// The canonical request and the names of the signed headers. In bytes, since this is done for each small request.
    static func canonicalRequest(_ request: Request) -> (text: [UInt8], headerNames: [UInt8]) {
        var headers = request.headers
        for index in headers.indices where headers[index].name.utf8.contains(where: { 65...90 ~= $0 }) {
            headers[index].name = headers[index].name.lowercased()
        }
        // Stable, as values of one name keep their order.
        headers.sort { $0.name < $1.name }
        var text: [UInt8] = []
        text.reserveCapacity(768)
        for part in [request.method, request.path, request.query] {
            text += part.utf8
            text.append(10)
        }
        var names: [UInt8] = []
        names.reserveCapacity(128)
        var previous: String?
        for header in headers {
            if header.name == previous {
                text.append(UInt8(ascii: ","))
            } else {
                if previous != nil {
                    text.append(10)
                    names.append(UInt8(ascii: ";"))
                }
                text += header.name.utf8
                text.append(UInt8(ascii: ":"))
                names += header.name.utf8
            }
            append(header.value, to: &text)
            previous = header.name
        }
        text += [10, 10]
        text += names
        text.append(10)
        text += request.payloadHash.utf8
        return (text, names)
    }

    /// Without spaces around, and with one for several within.
    private static func append(_ value: String, to text: inout [UInt8]) {
        var isAfterSpace = true
        for byte in value.utf8 {
            if byte != 32 || !isAfterSpace { text.append(byte) }
            isAfterSpace = byte == 32
        }
        if isAfterSpace && text.last == 32 { text.removeLast() }
    }
}
