import Synchronization

/// A clock that stands still until somebody moves it; whoever sleeps waits for that.
final class PipelineClock: Clock {
    struct Instant: InstantProtocol {
        let offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }

        func duration(to other: Instant) -> Duration { other.offset - offset }

        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let offset = Mutex(Duration.zero)

    var now: Instant { Instant(offset: offset.withLock { $0 }) }

    var minimumResolution: Duration { .nanoseconds(1) }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        // Only who advances the clock moves it: a task that sleeps beside the work must not.
        while now < deadline {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    func advance(by duration: Duration) {
        offset.withLock { $0 += duration }
    }
}
