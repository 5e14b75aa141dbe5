/// One operation on its way: what was tried, and what the answers have put right. Knows no I/O.
struct S3Call {
    enum Correction: Equatable {
        /// Seconds that the server's clock is ahead of ours.
        case clock(Int64)
        case region(String)
        /// The host that has the bucket for the moment.
        case host(String)
        /// These are over.
        case credentials(S3Credentials)
    }

    var request: S3Request
    var retry: S3RetryState
    let start: Duration
    var context: S3ErrorContext
    /// Those of the last try.
    var credentials: S3Credentials?
    /// The answer to the last try, if it was one.
    var answer: HTTPResponse?
    /// Where the server sent this call, for this call only.
    var redirected: S3Endpoint?
    /// Servers behind one address may have clocks of their own.
    private static let mostClockCorrections = 2
    private var clockCorrections = 0
    private var hasCorrectedRegion = false
    private var hasCorrectedHost = false
    private var hasRenewedCredentials = false

    init(_ request: S3Request, retry: S3RetryState, start: Duration) {
        self.request = request
        self.retry = retry
        self.start = start
        context = S3ErrorContext(
            operation: request.operation, bucket: request.bucket, key: request.key ?? "", endpoint: "",
            changesSomething: request.changesSomething)
    }

    /// What the answer says is wrong with the request, if that can be put right and has not been yet.
    mutating func correction(after error: S3Error, now: UTCTime) -> Correction? {
        guard let answer else { return nil }
        switch error.code {
        case .requestTimeTooSkewed where clockCorrections < Self.mostClockCorrections:
            guard let time = answer.header("date").flatMap({ UTCTime(httpDate: $0) }) else { return nil }
            clockCorrections += 1
            return .clock(time.secondsSince1970 - now.secondsSince1970)
        case .permanentRedirect, .authorizationHeaderMalformed, "IncorrectEndpoint",
            "IllegalLocationConstraintException":
            guard !hasCorrectedRegion, let region = error.region, !region.isEmpty else { return nil }
            hasCorrectedRegion = true
            return .region(region)
        case .temporaryRedirect:
            guard !hasCorrectedHost, let location = answer.header("location"),
                let origin = HTTPOrigin(prefixOf: location)
            else { return nil }
            hasCorrectedHost = true
            return .host(origin.host)
        case .expiredToken, "InvalidToken":
            guard !hasRenewedCredentials, let credentials else { return nil }
            hasRenewedCredentials = true
            return .credentials(credentials)
        default:
            return nil
        }
    }
}
