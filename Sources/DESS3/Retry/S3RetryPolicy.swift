/// When a request is sent again: after pauses that grow exponentially, with full jitter, until a deadline.
package struct S3RetryPolicy: Sendable, Hashable {
    /// Longest first pause.
    package var firstDelay: Duration
    /// Longest pause of all, but for one that the server asks for.
    package var longestDelay: Duration
    /// No try begins later than this after the first, or after the last that brought a part of a download.
    package var deadline: Duration
    /// Most tries of all.
    package var maximumAttempts: Int
    /// Retries that a host can take at once, beyond those that successes earn.
    package var budget: RetryBudget.Limits

    package init(
        firstDelay: Duration = .milliseconds(100), longestDelay: Duration = .seconds(10),
        deadline: Duration = .seconds(120), maximumAttempts: Int = .max,
        budget: RetryBudget.Limits = RetryBudget.Limits()
    ) {
        self.firstDelay = firstDelay
        self.longestDelay = longestDelay
        self.deadline = deadline
        self.maximumAttempts = maximumAttempts
        self.budget = budget
    }

    /// No request is ever sent again.
    package static let none = S3RetryPolicy(maximumAttempts: 1)
}

/// The retries of one operation. Knows no clock: it is told the time since the first try.
struct S3RetryState: Sendable {
    enum Decision: Equatable {
        case retry(after: Duration)
        case giveUp
    }

    /// More likely a mistake than bad luck: a name that is not known, an answer that makes no sense, other bytes than said.
    private static let doubtful: Set<S3Error.Code> = [
        .unknownHost, .invalidResponse, .badDigest, "XAmzContentSHA256Mismatch",
    ]
    private static let attemptsAtDoubtful = 4

    private let policy: S3RetryPolicy
    /// Failed so far.
    private(set) var attempts = 0

    init(_ policy: S3RetryPolicy) { self.policy = policy }

    /// What comes after a failure.
    ///
    /// - Parameters:
    ///   - random: 0 ..< 1; the pause is that part of its upper limit.
    ///   - budget: asked how long the host's budget makes the retry wait, if there is to be one.
    mutating func failed(
        _ error: S3Error, at elapsed: Duration, random: Double, budget: () -> Duration
    ) -> Decision {
        attempts += 1
        guard error.isTransient, !error.isOutcomeUnknown, attempts < policy.maximumAttempts else { return .giveUp }
        if Self.doubtful.contains(error.code), attempts >= Self.attemptsAtDoubtful { return .giveUp }
        let limit = min(policy.firstDelay * (1 << min(attempts - 1, 30)), policy.longestDelay)
        // Callers that were told the same time to come back must not come back together.
        let asked = error.retryAfter.map { $0 + limit * random } ?? limit * random
        guard elapsed + asked <= policy.deadline else { return .giveUp }
        let delay = max(asked, budget())
        return elapsed + delay <= policy.deadline ? .retry(after: delay) : .giveUp
    }
}
