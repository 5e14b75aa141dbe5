import Synchronization

/// Why a cycle fetches no more rows. What was fetched is brought to its end all the same.
package enum StopReason: Sendable, Hashable {
    /// A signal asked for an orderly end.
    case interrupted
    /// A configured limit is reached: its key in the configuration.
    case limit(String)
    /// Going on makes no sense: what failed.
    case fatal(String)
}

/// The one switch of a cycle; the first reason counts.
package final class CycleControl: Sendable {
    private let stopReason = Mutex<StopReason?>(nil)

    package init() {}

    /// Why no more is fetched; nil while it is.
    package var reason: StopReason? { stopReason.withLock { $0 } }

    /// Asks for an orderly end.
    package func stop(_ reason: StopReason) {
        stopReason.withLock { current in
            switch (current, reason) {
            case (.fatal, _): break
            // A failure is worth more than the news that the cycle was to end anyway.
            case (nil, _), (_, .fatal): current = reason
            case (.interrupted, _), (.limit, _): break
            }
        }
    }
}
