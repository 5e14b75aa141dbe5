import DESBase

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
    /// When the time for trying again began: with the call, and anew with each piece of a download that came.
    private(set) var start: Duration
    /// Bytes that have come of a download.
    private var received: UInt64 = 0
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

    /// So many bytes of a download have come up to now: what takes long because it is large is not what has failed for long.
    mutating func progressed(to count: UInt64, at now: Duration) {
        guard count > received else { return }
        received = count
        start = now
    }

    /// What the answer says is wrong with the request, if that can be put right and has not been yet.
    mutating func correction(after error: S3Error, now: Timestamp) -> Correction? {
        guard let answer else { return nil }
        switch error.code {
        case .requestTimeTooSkewed where clockCorrections < Self.mostClockCorrections:
            guard let time = answer.header("date").flatMap({ HTTPDate.moment($0) }) else { return nil }
            clockCorrections += 1
            return .clock(time.secondsSinceEpoch - now.secondsSinceEpoch)
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
