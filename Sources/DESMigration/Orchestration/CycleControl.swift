import Synchronization

/// Why a cycle fetches no more rows. What was read is brought to its end all the same.
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
    private struct State {
        var reason: StopReason?
        var readsOn = true
    }

    private let state = Mutex(State())

    package init() {}

    /// Why no more is fetched; nil while it is.
    package var reason: StopReason? { state.withLock { $0.reason } }

    /// Whether files of rows that were fetched are still to be read. If not, their rows are left as they are.
    package var readsOn: Bool { state.withLock { $0.readsOn } }

    /// Asks for an orderly end.
    ///
    /// - Parameter stopsReading: whether what is not read yet is left; nil: if a signal asks. A limit of files or bytes counts
    ///   what was fetched, so that all of it is still read.
    package func stop(_ reason: StopReason, stopsReading: Bool? = nil) {
        state.withLock { state in
            if stopsReading ?? (reason == .interrupted) { state.readsOn = false }
            switch (state.reason, reason) {
            case (.fatal, _): break
            // A failure is worth more than the news that the cycle was to end anyway.
            case (nil, _), (_, .fatal): state.reason = reason
            case (.interrupted, _), (.limit, _): break
            }
        }
    }
}
