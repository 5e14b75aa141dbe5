package import DESBase

/// How a client speaks to one S3 service.
package struct S3Settings: Sendable, Hashable {
    package enum PayloadSigning: String, Sendable, Hashable, CaseIterable {
        /// The signature covers the SHA-256 of what is sent.
        case signed
        /// Over https it does not, as TLS protects what is sent; over http it does.
        case unsignedOverTLS
    }

    package enum Checksum: String, Sendable, Hashable, CaseIterable {
        /// The signed SHA-256 only.
        case none
        /// `Content-MD5`
        case md5
        /// `x-amz-checksum-crc32`
        case crc32
    }

    package var endpoint: S3Endpoint
    package var payloadSigning: PayloadSigning
    /// What the server checks uploads by, besides the signature.
    package var checksum: Checksum
    package var retry: S3RetryPolicy
    /// Longest silence of the server while it puts the parts of an upload together.
    package var completionTime: Duration

    package init(
        endpoint: S3Endpoint, payloadSigning: PayloadSigning = .signed, checksum: Checksum = .md5,
        retry: S3RetryPolicy = S3RetryPolicy(), completionTime: Duration = .seconds(600)
    ) {
        self.endpoint = endpoint
        self.payloadSigning = payloadSigning
        self.checksum = checksum
        self.retry = retry
        self.completionTime = completionTime
    }
}

/// Time and chance, handed in so that tests decide them.
package struct S3Timing: Sendable {
    /// The wall clock, which requests are signed by.
    package var now: @Sendable () -> Timestamp
    /// A clock that never goes back; its beginning does not matter.
    package var elapsed: @Sendable () -> Duration
    package var sleep: @Sendable (Duration) async throws -> Void
    /// 0 ..< 1
    package var random: @Sendable () -> Double

    package init(
        now: @escaping @Sendable () -> Timestamp, elapsed: @escaping @Sendable () -> Duration,
        sleep: @escaping @Sendable (Duration) async throws -> Void, random: @escaping @Sendable () -> Double
    ) {
        self.now = now
        self.elapsed = elapsed
        self.sleep = sleep
        self.random = random
    }

    /// Of the system.
    package static func system() -> S3Timing {
        let start = ContinuousClock.now
        return S3Timing(
            now: Timestamp.now, elapsed: { start.duration(to: .now) }, sleep: { try await Task.sleep(for: $0) },
            random: { Double.random(in: 0..<1) })
    }
}

/// What a client tells of its work, for metrics and logs.
package enum S3Event: Sendable {
    /// A try ended with an answer or without one.
    case attempted(S3Operation, status: Int?, duration: Duration, bytesSent: Int, bytesReceived: Int)
    /// It is tried again after the delay.
    case retrying(S3Error, after: Duration)
    /// The server's clock differs from ours by so many seconds; requests are signed by the server's from now on.
    case clockCorrected(seconds: Int64)
    /// The bucket is in another region than the settings say; it is asked there from now on.
    case regionCorrected(bucket: String, region: String)
}
