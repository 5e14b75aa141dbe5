import DESBase
import DESTestSupport
import Synchronization
import Testing

@Suite struct BackoffTests {
    private let policy = RetryPolicy(
        firstDelay: .milliseconds(100), longestDelay: .seconds(10), deadline: .seconds(120))

    @Test func `pauses double up to the longest`() {
        var backoff = Backoff(policy)
        // The whole of each upper limit.
        let delays = (0..<10).map { _ in backoff.delay(afterFailureAt: .zero, random: 1) }
        let expected = [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]
        #expect(delays == expected.map { Duration.milliseconds($0) })
    }

    @Test(arguments: [(0, 0), (0.25, 25), (0.5, 50), (0.99, 99)] as [(Double, Int)])
    func `a pause is a random part of its upper limit`(random: Double, milliseconds: Int) {
        var backoff = Backoff(policy)
        #expect(backoff.delay(afterFailureAt: .zero, random: random) == .milliseconds(milliseconds))
    }

    @Test func `no try begins after the deadline`() {
        var backoff = Backoff(policy)
        #expect(backoff.delay(afterFailureAt: .milliseconds(119_900), random: 1) == .milliseconds(100))
        #expect(backoff.delay(afterFailureAt: .milliseconds(119_900), random: 1) == nil)
        #expect(backoff.delay(afterFailureAt: .seconds(120), random: 0) == .zero)
        #expect(backoff.delay(afterFailureAt: .seconds(121), random: 0) == nil)
    }

    @Test func `very many failures do not overflow`() {
        var backoff = Backoff(
            RetryPolicy(firstDelay: .seconds(3600), longestDelay: .seconds(7200), deadline: .seconds(1e12)))
        var last: Duration?
        for _ in 0..<10_000 { last = backoff.delay(afterFailureAt: .zero, random: 1) }
        #expect(last == .seconds(7200))
    }
}

@Suite struct RetryingTests {
    private struct Passing: Transient, Equatable {
        let number: Int
        var isTransient: Bool { true }
    }
    private struct Lasting: Error {}

    private let clock = TestClock()
    private let policy = RetryPolicy(firstDelay: .seconds(1), longestDelay: .seconds(8), deadline: .seconds(60))

    /// Tries with a number each; what is repeated is `Passing`.
    private func attempt(
        onRetry: @Sendable (any Error, Duration) -> Void = { _, _ in },
        _ operation: @Sendable (Int) async throws -> String
    ) async throws -> String {
        let count = Atomic(0)
        return try await policy.retrying(clock: clock, onRetry: onRetry) {
            try await operation(count.add(1, ordering: .relaxed).newValue)
        }
    }

    @Test func `what succeeds at once is done once, without waiting`() async throws {
        #expect(try await attempt { "try \($0)" } == "try 1")
        #expect(clock.pauses == [])
    }

    @Test func `what fails in passing is tried again, each time after a pause that is announced`() async throws {
        let announced = Mutex<[Duration]>([])
        let errors = Mutex<[Int]>([])
        let result = try await attempt(
            onRetry: { error, delay in
                announced.withLock { $0.append(delay) }
                errors.withLock { $0.append((error as? Passing)?.number ?? 0) }
            },
            { number in
                guard number > 3 else { throw Passing(number: number) }
                return "try \(number)"
            })
        #expect(result == "try 4")
        #expect(clock.pauses == announced.withLock { $0 })
        #expect(errors.withLock { $0 } == [1, 2, 3])
        for (pause, limit) in zip(clock.pauses, [1, 2, 4]) { #expect(pause >= .zero && pause < .seconds(limit)) }
    }

    @Test func `what fails for good is not tried again`() async {
        await #expect(throws: Lasting.self) { try await attempt { _ in throw Lasting() } }
        #expect(clock.pauses == [])
    }

    @Test func `what begins to fail for good after a passing failure ends with that`() async {
        await #expect(throws: Lasting.self) {
            try await attempt { number in
                if number == 1 { throw Passing(number: 1) }
                throw Lasting()
            }
        }
        #expect(clock.pauses.count == 1)
    }

    @Test func `when the time is up the last error is the answer`() async {
        let error = await #expect(throws: Passing.self) {
            try await attempt { number in
                clock.advance(by: .seconds(7))
                throw Passing(number: number)
            }
        }
        #expect(clock.now.offset <= .seconds(60) + .seconds(7))
        #expect(error?.number == clock.pauses.count + 1)
        #expect(clock.pauses.count >= 3)
    }

    @Test func `an operation that alone takes longer than the deadline is not repeated`() async {
        await #expect(throws: Passing(number: 1)) {
            try await attempt { number in
                clock.advance(by: .seconds(61))
                throw Passing(number: number)
            }
        }
    }

    @Test func `cancellation ends the waiting`() async {
        let clock = clock
        let policy = policy
        let tries = Atomic(0)
        let task = Task {
            try await policy.retrying(
                clock: clock,
                // Between the failure and the pause.
                onRetry: { _, _ in withUnsafeCurrentTask { $0?.cancel() } },
                {
                    tries.add(1, ordering: .relaxed)
                    throw Passing(number: 1)
                })
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        let count = tries.load(ordering: .relaxed)
        #expect(count == 1)
    }

    @Test func `a task that is cancelled while it tries does not begin to wait`() async {
        let clock = clock
        let policy = policy
        let task = Task {
            try await policy.retrying(clock: clock) {
                withUnsafeCurrentTask { $0?.cancel() }
                throw Passing(number: 1)
            }
        }
        await #expect(throws: Passing.self) { try await task.value }
        #expect(clock.pauses == [])
    }
}
