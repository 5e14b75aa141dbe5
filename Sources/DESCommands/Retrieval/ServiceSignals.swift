import Glibc
import Logging
import Synchronization
import UnixSignals

/// What signals ask of a service: SIGTERM and SIGINT to stop in good order, the second of them to stop at once, SIGHUP to look at
/// its files again.
final class ServiceSignals: Sendable {
    private let first = Mutex<Int32?>(nil)
    private let logger: Logger

    init(logger: Logger) { self.logger = logger }

    /// The first signal to stop that came, if one did.
    var received: Int32? { first.withLock { $0 } }

    /// Waits for signals until it is cancelled.
    func run(onStop: @Sendable () async -> Void, onReload: @Sendable () async -> Void) async {
        for await signal in await UnixSignalsSequence(trapping: [.sighup] + .stopping) {
            guard signal != .sighup else {
                await onReload()
                continue
            }
            let number = signal.number
            let isFirst = first.withLock { first in
                defer { first = first ?? number }
                return first == nil
            }
            guard isFirst else {
                logger.warning("giving up at once; answers that were begun are cut")
                _exit(128 + number)
            }
            logger.notice("\(signal): finishing what is being answered; a second signal gives up at once")
            await onStop()
        }
    }
}
