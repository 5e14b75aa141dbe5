extension S3Error {
    /// The error that an answer tells, which is not a success or holds an `<Error>`.
    ///
    /// A status alone says little: a proxy or another server may have sent it. So "not found" and the like are believed only
    /// from an answer with S3's error document, or, where an answer has no body, with S3's headers.
    init(_ response: HTTPResponse, _ context: S3ErrorContext) {
        let document = try? XMLReader.read(response.body)
        let error = document.flatMap { $0.name == "Error" ? $0 : $0["Error"] }
        let named = error?.text("Code")
        let hasS3Headers = response.header(S3HeaderName.requestID) != nil || response.header("x-amz-id-2") != nil
        let code: Code =
            if let named, !named.isEmpty {
                Code(rawValue: named)
            } else if hasS3Headers && response.body.isEmpty {
                Self.code(ofStatus: response.status)
            } else if Self.isServerTrouble(response.status) {
                Code(rawValue: "HTTP\(response.status)")
            } else {
                hasS3Headers ? .invalidResponse : .notS3
            }
        self.init(
            code, status: response.status, message: error?.text("Message") ?? Self.message(of: code), context)
        requestID = error?.text("RequestId") ?? response.header(S3HeaderName.requestID)
        retryAfter = response.number("retry-after").map { .seconds(min($0, 3600)) }
        region = response.header("x-amz-bucket-region") ?? error?.text("Region")
        objectSize =
            error?.text("ActualObjectSize").flatMap { UInt64($0) }
            ?? response.header("content-range").flatMap { ContentRange($0)?.size }
        // What a gateway gave up waiting for may still be done behind it; an overload is told before anything is done.
        isOutcomeUnknown =
            context.changesSomething && [500, 502, 504].contains(response.status) && !isThrottled
    }

    /// The error behind a transfer that failed.
    init(_ error: HTTPError, _ context: S3ErrorContext) {
        let code: Code =
            switch error.kind {
            case .unknownHost: .unknownHost
            case .cannotConnect: .cannotConnect
            case .untrustedCertificate: .untrustedCertificate
            case .tlsFailed: .tlsFailed
            case .connectionLost: .connectionLost
            case .stalled: .stalled
            case .invalidResponse: .invalidResponse
            case .tooLarge: .tooLarge
            case .unreadableBody: .unreadableBody
            case .unusable: .invalidRequest
            case .closed: .closed
            }
        self.init(code, message: error.message, context)
        isOutcomeUnknown = context.changesSomething && error.isOutcomeUnknown
    }

    /// An error of our own.
    init(_ code: Code, status: Int? = nil, message: String, _ context: S3ErrorContext) {
        self.init(
            code, status: status, message: message, operation: context.operation, bucket: context.bucket,
            key: context.key, endpoint: context.endpoint)
    }

    private static func message(of code: Code) -> String {
        switch code {
        case .notS3: "the answer is not one of S3"
        case .invalidResponse: "the answer's error document is damaged"
        default: ""
        }
    }

    private static func code(ofStatus status: Int) -> Code {
        switch status {
        case 301: .permanentRedirect
        case 307: .temporaryRedirect
        case 403: .accessDenied
        case 404: .noSuchKey
        case 412: .preconditionFailed
        case 416: .invalidRange
        case 429: "TooManyRequests"
        case 500: .internalError
        case 503: "ServiceUnavailable"
        default: Code(rawValue: "HTTP\(status)")
        }
    }

    /// Statuses that proxies send as well, with pages of their own.
    private static func isServerTrouble(_ status: Int) -> Bool { status == 408 || status == 429 || status >= 500 }
}

/// What was asked, for the error that tells of it.
struct S3ErrorContext: Sendable {
    var operation: S3Operation
    var bucket: String
    var key: String
    var endpoint: String
    /// Whether doing it a second time is not the same as doing it once.
    var changesSomething: Bool
}

/// `Content-Range: bytes 0-99/1234` (RFC 9110, 14.4).
struct ContentRange: Equatable {
    /// Nil if the range could not be given.
    var range: Range<UInt64>?
    /// Of the whole; nil if the server does not tell.
    var size: UInt64?

    init?(_ text: String) {
        var bytes = Array(text.utf8)[...]
        guard bytes.starts(with: "bytes ".utf8) else { return nil }
        bytes = bytes.dropFirst(6)
        if bytes.first == UInt8(ascii: "*") {
            bytes = bytes.dropFirst()
        } else {
            guard let first = Self.number(&bytes), bytes.popFirst() == UInt8(ascii: "-"),
                let last = Self.number(&bytes), first <= last
            else { return nil }
            range = first..<(last + 1)
        }
        guard bytes.popFirst() == UInt8(ascii: "/") else { return nil }
        if bytes.elementsEqual([UInt8(ascii: "*")]) { return }
        size = Self.number(&bytes)
        guard size != nil, bytes.isEmpty else { return nil }
    }

    /// The number that the bytes begin with, below 10^18; takes its digits away.
    private static func number(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        let digits = bytes.prefix { 48...57 ~= $0 }
        guard 1...18 ~= digits.count else { return nil }
        bytes = bytes.dropFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + UInt64($1 - 48) }
    }
}
