import DESBase
import Testing

@testable import DESS3

@Suite struct RetryDecisionTests {
    private static func error(
        _ code: S3Error.Code, status: Int? = nil, isOutcomeUnknown: Bool = false, retryAfter: Duration? = nil
    ) -> S3Error {
        var error = S3Error(code, status: status, message: "", operation: .getObject)
        error.isOutcomeUnknown = isOutcomeUnknown
        error.retryAfter = retryAfter
        return error
    }

    private let policy = S3RetryPolicy(
        firstDelay: .milliseconds(100), longestDelay: .seconds(1), deadline: .seconds(10), maximumAttempts: 50)

    private func decide(
        _ state: inout S3RetryState, _ error: S3Error, at elapsed: Duration = .zero, random: Double = 0.5,
        budget: Duration = .zero
    ) -> S3RetryState.Decision {
        state.failed(error, at: elapsed, random: random) { budget }
    }

    @Test("The pauses double up to the longest, and chance takes a part of each")
    func pauses() {
        var state = S3RetryState(policy)
        let limits = [100, 200, 400, 800, 1000, 1000]
        for limit in limits {
            let result1 = decide(&state, Self.error(.slowDown, status: 503))
            #expect(result1 == .retry(after: .milliseconds(limit) / 2))
        }
    }

    @Test(
        "These are never tried again",
        arguments: [
            (.accessDenied, 403), (.noSuchKey, 404), (.noSuchBucket, 404), (.preconditionFailed, 412),
            (.invalidRange, 416), (.notS3, 404), (.untrustedCertificate, nil), (.noCredentials, nil),
            ("EntityTooLarge", 400), (.requestTimeTooSkewed, 403), (.objectChanged, nil),
        ] as [(S3Error.Code, Int?)])
    func final(_ code: S3Error.Code, _ status: Int?) {
        var state = S3RetryState(policy)
        let result2 = decide(&state, Self.error(code, status: status))
        #expect(result2 == .giveUp)
    }

    @Test(
        "These are tried again",
        arguments: [
            (.slowDown, 503), ("HTTP503", 503), (.internalError, 500), ("TooManyRequests", 429), (.connectionLost, nil),
            (.cannotConnect, nil), (.stalled, nil), (.unknownHost, nil), (.invalidResponse, 200),
            ("RequestTimeout", 400),
            (.badDigest, 400), ("Throttling", 400),
        ] as [(S3Error.Code, Int?)])
    func passing(_ code: S3Error.Code, _ status: Int?) {
        var state = S3RetryState(policy)
        let result3 = decide(&state, Self.error(code, status: status))
        #expect(result3 != .giveUp)
    }

    @Test("What may have been done is not done again")
    func outcomeUnknown() {
        var state = S3RetryState(policy)
        let result4 = decide(&state, Self.error(.connectionLost, isOutcomeUnknown: true))
        #expect(result4 == .giveUp)
    }

    @Test("No try begins after the deadline")
    func deadline() {
        var state = S3RetryState(policy)
        let failure = Self.error(.slowDown, status: 503)
        let result5 = decide(&state, failure, at: .seconds(9))
        #expect(result5 == .retry(after: .milliseconds(50)))
        let result6 = decide(&state, failure, at: .milliseconds(9_950))
        #expect(result6 == .giveUp)
        let result7 = decide(&state, failure, at: .seconds(5), budget: .seconds(6))
        #expect(result7 == .giveUp)
    }

    @Test("What the server asks for is waited for, and a little longer")
    func retryAfter() {
        var state = S3RetryState(policy)
        let failure = Self.error(.slowDown, status: 503, retryAfter: .seconds(3))
        let result8 = decide(&state, failure)
        #expect(result8 == .retry(after: .milliseconds(3_050)))
        let result9 = decide(&state, failure, at: .seconds(8))
        #expect(result9 == .giveUp)
        // Who reads why it was given up reads that too.
        #expect("\(failure)".contains("; the service asks to wait 3 s"))
        #expect(!"\(Self.error(.slowDown, status: 503))".contains("asks to wait"))
    }

    @Test("A name that is not known, and an answer without sense, are tried a few times only")
    func doubtful() {
        for code in [S3Error.Code.unknownHost, .invalidResponse] {
            var state = S3RetryState(policy)
            for _ in 0..<3 {
                let decision = decide(&state, Self.error(code))
                #expect(decision != .giveUp)
            }
            let result10 = decide(&state, Self.error(code))
            #expect(result10 == .giveUp)
        }
    }

    @Test("A host's retries beyond its budget are slowed down to a trickle, and successes earn new ones")
    func budget() {
        var budget = RetryBudget(.init(capacity: 2, perSuccess: 0.5, perSecond: 10))
        let result11 = budget.spend(now: 0)
        #expect(result11 == .zero)
        let result12 = budget.spend(now: 0)
        #expect(result12 == .zero)
        let result13 = budget.spend(now: 0)
        #expect(result13 == .milliseconds(100))
        let result14 = budget.spend(now: 0)
        #expect(result14 == .milliseconds(200))
        let result15 = budget.spend(now: 1)
        #expect(result15 == .zero)
        let result16 = budget.spend(now: 1)
        #expect(result16 == .zero)
        budget = RetryBudget(.init(capacity: 2, perSuccess: 0.5, perSecond: 10))
        for _ in 0..<4 { _ = budget.spend(now: 0) }
        for _ in 0..<6 { budget.succeeded() }
        let result17 = budget.spend(now: 0)
        #expect(result17 == .zero)
    }
}

@Suite struct AdmissionTests {
    private final class Request {}

    @Test("A host has a number in flight, the rest waits in order, and another host does not wait")
    func order() {
        var queue = AdmissionQueue<Request>(limit: 2)
        let requests = (0..<600).map { _ in Request() }
        let starts = requests.map { queue.submit($0, host: "a") }
        #expect(starts == (0..<600).map { $0 < 2 })
        let result18 = queue.submit(Request(), host: "b")
        #expect(result18)
        for index in 2..<600 {
            let next = queue.finished(host: "a")
            #expect(next === requests[index])
        }
        let result19 = queue.finished(host: "a")
        #expect(result19 == nil)
        let result20 = queue.finished(host: "a")
        #expect(result20 == nil)
        let result21 = queue.submit(Request(), host: "a")
        #expect(result21)
    }

    @Test("A request that waits can be withdrawn, one in flight cannot")
    func withdrawal() {
        var queue = AdmissionQueue<Request>(limit: 1)
        let requests = (0..<4).map { _ in Request() }
        for request in requests { _ = queue.submit(request, host: "a") }
        let result22 = queue.withdraw(requests[0], host: "a")
        #expect(!result22)
        let result23 = queue.withdraw(requests[2], host: "a")
        #expect(result23)
        let result24 = queue.withdraw(requests[2], host: "a")
        #expect(!result24)
        let result25 = queue.finished(host: "a")
        #expect(result25 === requests[1])
        let result26 = queue.finished(host: "a")
        #expect(result26 === requests[3])
        let result27 = queue.finished(host: "a")
        #expect(result27 == nil)
    }
}

@Suite struct CorrectionTests {
    private func call(_ code: S3Error.Code, headers: [(String, String)] = []) -> (S3Call, S3Error) {
        var call = S3Call(
            S3Request(.getObject, .get, S3Location(bucket: "b", key: "k")), retry: S3RetryState(S3RetryPolicy()),
            start: .zero)
        call.answer = HTTPResponse(status: 403, headers: headers)
        var error = S3Error(code, status: 403, message: "", operation: .getObject)
        error.region = "eu-west-7"
        return (call, error)
    }

    @Test("A clock that is wrong is corrected by the server's, but not for ever")
    func clock() {
        var (call, error) = call(.requestTimeTooSkewed, headers: [("Date", "Thu, 01 Jan 1970 01:00:00 GMT")])
        let corrections = (0..<3).map { _ in call.correction(after: error, now: Timestamp(secondsSinceEpoch: 100)) }
        #expect(corrections == [.clock(3500), .clock(3500), nil])
    }

    @Test(
        "A wrong region is corrected, once", arguments: [S3Error.Code.permanentRedirect, .authorizationHeaderMalformed])
    func region(_ code: S3Error.Code) {
        var (call, error) = call(code)
        let result30 = call.correction(after: error, now: Timestamp(secondsSinceEpoch: 0))
        #expect(result30 == .region("eu-west-7"))
        let result31 = call.correction(after: error, now: Timestamp(secondsSinceEpoch: 0))
        #expect(result31 == nil)
    }

    @Test("A bucket that is elsewhere for the moment is asked there")
    func host() {
        var (call, error) = call(.temporaryRedirect, headers: [("Location", "https://b.s3-eu-west-7.example.org/k")])
        let result32 = call.correction(after: error, now: Timestamp(secondsSinceEpoch: 0))
        #expect(result32 == .host("b.s3-eu-west-7.example.org"))
    }

    @Test("A refusal is no reason to correct anything")
    func refusal() {
        var (call, error) = call(.accessDenied)
        let result33 = call.correction(after: error, now: Timestamp(secondsSinceEpoch: 0))
        #expect(result33 == nil)
    }
}
