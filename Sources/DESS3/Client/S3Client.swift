package import DESBase
import Synchronization

/// A client of one S3 service: signs requests, repeats those that failed for a moment, and tells what came of them.
///
/// All operations throw ``S3Error``, or `CancellationError`. A request that is not the same when it is done twice is not
/// repeated once the server may have done it; the error then says ``S3Error/isOutcomeUnknown``, and the caller looks.
package final class S3Client: Sendable {
    /// What is learnt while asking.
    private struct Learnt {
        /// Seconds that the server's clock is ahead of ours.
        var clockOffset: Int64 = 0
        /// Where buckets are that are not where the settings say.
        var regions: [String: String] = [:]
        var budgets: [String: RetryBudget] = [:]
    }

    package let settings: S3Settings
    let threads: ThreadPool
    private let credentials: S3CredentialChain?
    private let http: any HTTPExchange
    private let timing: S3Timing
    private let onEvent: (@Sendable (S3Event) -> Void)?
    private let signing = S3Signing()
    private let learnt = Mutex(Learnt())

    /// - Parameters:
    ///   - credentials: nil for requests without a signature, which only public buckets answer.
    ///   - threads: where files are read to compute checksums.
    ///   - onEvent: called from many tasks; must be quick.
    package init(
        _ settings: S3Settings, credentials: S3CredentialChain?, http: any HTTPExchange,
        threads: ThreadPool, timing: S3Timing = .system(),
        onEvent: (@Sendable (S3Event) -> Void)? = nil
    ) {
        self.settings = settings
        self.credentials = credentials
        self.http = http
        self.threads = threads
        self.timing = timing
        self.onEvent = onEvent
    }

    /// Carries out a request, again if that can help.
    ///
    /// - Parameters:
    ///   - adjust: called before each try.
    ///   - progress: how many bytes have come so far, if they need not come again.
    ///   - read: makes the result of an answer with a status of 2xx; what it throws as a transient error is tried again.
    func perform<Value: Sendable>(
        _ original: S3Request, adjust: (inout S3Request) -> Void = { _ in }, progress: () -> UInt64 = { 0 },
        read: (HTTPResponse, S3ErrorContext) throws -> Value
    ) async throws -> Value {
        var call = S3Call(try await prepared(original), retry: S3RetryState(settings.retry), start: timing.elapsed())
        while true {
            adjust(&call.request)
            do {
                let value = try await attempt(&call, read)
                learnt.withLock { learnt in
                    if !learnt.budgets.isEmpty { learnt.budgets[call.context.endpoint]?.succeeded() }
                }
                return value
            } catch let error as S3Error {
                if correct(after: error, &call) { continue }
                call.progressed(to: progress(), at: timing.elapsed())
                try await pause(after: error, &call)
            }
        }
    }

    private func attempt<Value>(
        _ call: inout S3Call, _ read: (HTTPResponse, S3ErrorContext) throws -> Value
    ) async throws -> Value {
        let (request, endpoint) = (call.request, endpoint(for: call))
        let address = endpoint.address(bucket: request.bucket, key: nil).origin
        call.context = S3ErrorContext(
            operation: request.operation, bucket: request.bucket, key: request.key ?? "", endpoint: address.text,
            changesSomething: request.changesSomething)
        let credentials = try await currentCredentials(call.context)
        call.credentials = credentials
        let time = timing.now().adding(seconds: learnt.withLock(\.clockOffset))
        let signed = signing.sign(
            request, at: endpoint, credentials, time: time, payloadHash: payloadHash(of: request, endpoint))
        let start = onEvent == nil ? .zero : timing.elapsed()
        do {
            let response = try await http.send(signed)
            report(request, response, since: start)
            guard response.isSuccess else {
                call.answer = response
                throw S3Error(response, call.context)
            }
            return try read(response, call.context)
        } catch let error as HTTPError {
            report(request, nil, since: start)
            call.answer = nil
            throw S3Error(error, call.context)
        }
    }

    private func report(_ request: S3Request, _ response: HTTPResponse?, since start: Duration) {
        onEvent?(
            .attempted(
                request.operation, status: response?.status, duration: timing.elapsed() - start,
                bytesSent: request.body?.count ?? 0, bytesReceived: response?.body.count ?? 0))
    }

    private func endpoint(for call: S3Call) -> S3Endpoint {
        if let redirected = call.redirected { return redirected }
        let region = learnt.withLock { $0.regions.isEmpty ? nil : $0.regions[call.request.bucket] }
        return region.map { settings.endpoint.inRegion($0) } ?? settings.endpoint
    }

    private func currentCredentials(_ context: S3ErrorContext) async throws -> S3Credentials? {
        do {
            return try await credentials?.credentials()
        } catch let error as S3CredentialsError {
            throw S3Error(error.isTransient ? .cannotConnect : .noCredentials, message: error.description, context)
        }
    }

    private func payloadHash(of request: S3Request, _ endpoint: S3Endpoint) -> String {
        guard let body = request.body else { return SignatureV4.emptyPayload }
        return body.digests.sha256?.hexadecimal ?? SignatureV4.unsignedPayload
    }

    /// Whether signatures cover what is sent.
    var isPayloadSigned: Bool {
        credentials != nil && !(settings.payloadSigning == .unsignedOverTLS && settings.endpoint.origin.isSecure)
    }

    /// With the checksums that the signature needs.
    private func prepared(_ request: S3Request) async throws -> S3Request {
        if let problem = request.problem { throw S3Error(.invalidRequest, message: problem, context(of: request)) }
        guard let body = request.body else { return request }
        guard isPayloadSigned else { return request }
        var request = request
        request.body = try await adding(.sha256, to: body, request)
        return request
    }

    /// The body with checksums.
    func adding(_ kinds: PayloadDigests.Kinds, to body: S3Body, _ request: S3Request) async throws -> S3Body {
        do {
            return try await body.adding(kinds, on: threads)
        } catch let error where !(error is CancellationError) {
            throw S3Error(.unreadableBody, message: String(describing: error), context(of: request))
        }
    }

    private func context(of request: S3Request) -> S3ErrorContext {
        S3ErrorContext(
            operation: request.operation, bucket: request.bucket, key: request.key ?? "",
            endpoint: settings.endpoint.origin.text, changesSomething: request.changesSomething)
    }

    /// Whether something was wrong that the answer itself puts right; each only once a call.
    private func correct(after error: S3Error, _ call: inout S3Call) -> Bool {
        guard let correction = call.correction(after: error, now: timing.now()) else { return false }
        switch correction {
        case .clock(let offset):
            learnt.withLock { $0.clockOffset = offset }
            onEvent?(.clockCorrected(seconds: offset))
        case .region(let region):
            learnt.withLock { $0.regions[call.request.bucket] = region }
            onEvent?(.regionCorrected(bucket: call.request.bucket, region: region))
        case .host(let host):
            let endpoint = endpoint(for: call)
            call.redirected = S3Endpoint(
                origin: endpoint.origin.named(host), region: endpoint.region, style: .path)
        case .credentials(let old):
            credentials?.discard(old)
        }
        return true
    }

    /// Waits before the next try, or throws the error if there is none.
    private func pause(after error: S3Error, _ call: inout S3Call) async throws {
        let now = timing.elapsed()
        let host = error.endpoint
        let decision = call.retry.failed(error, at: now - call.start, random: timing.random()) {
            learnt.withLock { learnt in
                learnt.budgets[host, default: RetryBudget(settings.retry.budget)].spend(now: now / .seconds(1))
            }
        }
        var error = error
        error.attempts = call.retry.attempts
        switch decision {
        case .giveUp: throw error
        case .retry(let delay):
            onEvent?(.retrying(error, after: delay))
            try await timing.sleep(delay)
        }
    }
}
