import Synchronization

/// Decides how much of the catalog a cycle still takes. Knows no clock: it is told the time that has passed.
struct FetchGate: Sendable {
    private let limits: CycleLimits
    private(set) var files = 0
    private(set) var bytes: Int64 = 0
    private var hasUnknownSizes = false

    init(_ limits: CycleLimits) { self.limits = limits }

    /// The configuration key of the limit that is reached, if one is.
    ///
    /// - Parameter bytesRead: what was read so far, in case the catalog knows no sizes.
    func limitReached(elapsed: Duration, bytesRead: Int64) -> String? {
        if let most = limits.files, files >= most { return "migration.max_files" }
        if let most = limits.bytes, max(bytes, bytesRead) >= most { return "migration.max_bytes" }
        if let most = limits.duration, elapsed >= most { return "migration.max_duration_seconds" }
        return nil
    }

    /// The configuration key of the limit for which not even what was admitted is read any more: time, and bytes where the
    /// catalog did not tell them. Other limits counted what was admitted.
    func readingLimit(elapsed: Duration, bytesRead: Int64) -> String? {
        if let most = limits.duration, elapsed >= most { return "migration.max_duration_seconds" }
        if hasUnknownSizes, let most = limits.bytes, bytesRead >= most { return "migration.max_bytes" }
        return nil
    }

    /// Rows to ask for next, at most a page.
    func pageSize(_ page: Int) -> Int {
        min(page, limits.files.map { max(0, $0 - files) } ?? page)
    }

    /// How many of these files are taken: all until the bytes are reached, the one that reaches them included.
    mutating func admit(sizes: some Sequence<Int64?>) -> Int {
        var count = 0
        for size in sizes {
            if let most = limits.bytes, bytes >= most { break }
            if let most = limits.files, files >= most { break }
            files += 1
            if size == nil { hasUnknownSizes = true }
            // Sizes are the user's: a few absurd ones must not end the process.
            let sum = bytes.addingReportingOverflow(max(0, size ?? 0))
            bytes = sum.overflow ? .max : sum.partialValue
            count += 1
        }
        return count
    }
}

/// The gate of a cycle, which all its slices pass one after the other.
final class SharedFetchGate: Sendable {
    private let gate: Mutex<FetchGate>

    init(_ limits: CycleLimits) { gate = Mutex(FetchGate(limits)) }

    func withGate<Result>(_ body: (inout FetchGate) -> sending Result) -> sending Result {
        gate.withLock { body(&$0) }
    }
}
