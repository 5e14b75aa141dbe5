import DESBase
import DESMigration
import Glibc
import Logging
import Synchronization
import UnixSignals

extension [UnixSignal] {
    /// Those that ask a program to end, but for those that it was told to ignore (`nohup`, a job in the background).
    static var stopping: [UnixSignal] {
        [.sigterm, .sigint, .sighup].filter { $0 == .sigterm || !ProcessSignals.isIgnored($0.number) }
    }
}

extension UnixSignal {
    /// Of those that ask a program to end.
    var number: Int32 {
        switch self {
        case .sigint: SIGINT
        case .sighup: SIGHUP
        default: SIGTERM
        }
    }
}

/// Turns SIGTERM, SIGINT and SIGHUP into an orderly end: the first asks the cycle to stop, the second ends the process at once, which
/// loses nothing, because the next start recovers what is in staging.
final class StopSignals: Sendable {
    private struct State {
        var received: Int32?
        var current: CycleControl?
    }

    private let state = Mutex(State())
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// The first signal that came, if one did.
    var received: Int32? { state.withLock { $0.received } }

    /// The cycle that a signal stops from now on.
    func attach(_ control: CycleControl) {
        let isLate = state.withLock { state in
            state.current = control
            return state.received != nil
        }
        if isLate { control.stop(.interrupted) }
    }

    /// Waits for signals until it is cancelled; returns after the first signal's stop only through the second.
    ///
    /// - Parameter onFirst: runs when the first signal has come.
    func run(onFirst: @Sendable () -> Void) async {
        for await signal in await UnixSignalsSequence(trapping: .stopping) {
            let number = signal.number
            let isFirst = state.withLock { state in
                defer { state.received = state.received ?? number }
                return state.received == nil
            }
            guard isFirst else {
                logger.warning("giving up at once; the next start recovers what is in staging")
                _exit(128 + number)
            }
            logger.notice("\(signal): finishing what was begun; a second signal gives up at once")
            state.withLock { $0.current }?.stop(.interrupted)
            onFirst()
        }
    }
}
