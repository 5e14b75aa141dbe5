/// Decides how much of the catalog a cycle still takes. Knows no clock: it is told the time that has passed.
///
/// A file that could not be read gives back what it took: else as many bad rows as a limit allows, the oldest ones, would keep
/// every cycle from all others.
struct FetchGate: Sendable {
    /// So many failures are made up for in any case, and ten times as many as the limit of files.
    private static let leastReturns = 10_000

    private let limits: CycleLimits
    private(set) var files = 0
    private(set) var bytes: Int64 = 0
    private var hasUnknownSizes = false
    private var returns = 0
    /// Files that were admitted, and of which it is not known yet whether they can be read.
    private var unsettled = 0

    init(_ limits: CycleLimits) { self.limits = limits }

    /// Whether more may be taken than a limit allows now, once all files that were admitted have been read.
    var mayGetRoom: Bool { unsettled > 0 && returns < mostReturns }

    private var mostReturns: Int {
        max(Self.leastReturns, (limits.files ?? 0).multipliedReportingOverflow(by: 10).partialValue)
    }

    /// A slice begins. What an earlier one, that was lost, has admitted and not read is settled by nobody any more.
    mutating func beginSlice() { unsettled = 0 }

    /// A file that was admitted was read, could not be, or is left after all.
    ///
    /// - Parameters:
    ///   - size: as it was admitted.
    ///   - hasFailed: whether it could not be read.
    mutating func settle(size: Int64?, hasFailed: Bool) {
        unsettled -= 1
        guard hasFailed, returns < mostReturns else { return }
        returns += 1
        files -= 1
        // Sums that met the largest number stay there.
        if bytes < .max { bytes = max(0, bytes - max(0, size ?? 0)) }
    }

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
            unsettled += 1
            if size == nil { hasUnknownSizes = true }
            // Sizes are the user's: a few absurd ones must not end the process.
            let sum = bytes.addingReportingOverflow(max(0, size ?? 0))
            bytes = sum.overflow ? .max : sum.partialValue
            count += 1
        }
        return count
    }
}
