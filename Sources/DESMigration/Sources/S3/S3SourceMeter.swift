package import DESTelemetry

/// Counts reads from S3 and measures how long they take.
package struct S3SourceMeter: Sendable {
    private let metrics: MigrationMetrics?
    private let elapsed: @Sendable () -> Duration

    /// - Parameters:
    ///   - metrics: nil: nobody looks.
    ///   - elapsed: a clock that never goes back.
    package init(_ metrics: MigrationMetrics?, elapsed: @escaping @Sendable () -> Duration = Self.systemClock()) {
        self.metrics = metrics
        self.elapsed = elapsed
    }

    /// Time since now, by a clock of the system that never goes back.
    package static func systemClock() -> @Sendable () -> Duration {
        let start = ContinuousClock.now
        return { start.duration(to: .now) }
    }

    /// The clock's time.
    var now: Duration { metrics == nil ? .zero : elapsed() }

    /// All bytes of a source have come.
    func succeeded(since start: Duration) { metrics?.sourceRead(.success, duration: now - start) }

    /// A source was given up.
    func failed(_ error: SourceError, since start: Duration) {
        let status: SourceReadStatus =
            switch error.reason {
            case .missing: .missing
            case .changed: .changed
            default: .error
            }
        metrics?.sourceRead(status, duration: now - start)
    }

    /// Bytes of a source have come.
    func downloaded(_ count: Int) { metrics?.sourceBytesDownloaded(Int64(count)) }
}
