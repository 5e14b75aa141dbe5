package import DESS3

/// How often a source in S3 is asked for again: `max_retries` and `retry_delay_seconds` of `packer.s3_source`.
package struct S3SourceRetries: Sendable, Hashable {
    private static let longestDelay = Duration.seconds(30)
    /// What a try that stands still may take.
    private static let longestTry = Duration.seconds(60)

    /// Tries after the first one.
    package var count: Int
    /// Longest pause before the first retry; each later one may be twice as long.
    package var delay: Duration

    package init(count: Int = 3, delay: Duration = .seconds(2)) {
        self.count = count
        self.delay = delay
    }

    /// The number of retries is what ends them, not time: the deadline leaves room for all of them.
    package var policy: S3RetryPolicy {
        let retries = max(0, count)
        let longestDelay = max(Self.longestDelay, delay)
        return S3RetryPolicy(
            firstDelay: delay, longestDelay: longestDelay, deadline: (longestDelay + Self.longestTry) * (retries + 1),
            maximumAttempts: retries + 1)
    }
}
