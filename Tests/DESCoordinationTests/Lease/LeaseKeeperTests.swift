import DESCoordination
import DESTestSupport
import Synchronization
import Testing

@Suite("Keeping a lease", .timeLimit(.minutes(5)))
final class LeaseKeeperTests: Sendable {
    private struct NoAnswer: Error {}

    private let clock = TestClock()
    private let asked = Mutex<[Duration]>([])
    private let failures = Mutex(0)

    /// Runs a keeper of a lease of 60 s; the answers come in turn.
    private func keep(_ answers: @escaping @Sendable (Int) throws -> Bool) async -> Bool {
        await LeaseKeeper(length: .seconds(60), clock: clock).run(
            {
                let count = asked.withLock { asked in
                    asked.append(clock.now.offset)
                    return asked.count
                }
                return try answers(count)
            }, onFailure: { _ in failures.withLock { $0 += 1 } })
    }

    @Test("It is renewed every third of its length until somebody else has it")
    func refusal() async {
        #expect(await keep { $0 < 4 })
        #expect(asked.withLock { $0 } == [20, 40, 60, 80].map { .seconds($0) })
        #expect(failures.withLock { $0 } == 0)
    }

    @Test("Without an answer it is lost once it has ended, and every failure is told")
    func silence() async {
        #expect(await keep { _ in throw NoAnswer() })
        #expect(asked.withLock { $0 } == [20, 26, 32, 38, 44, 50, 56, 62].map { .seconds($0) })
        #expect(failures.withLock { $0 } == 8)
    }

    @Test("Failures in between do no harm")
    func interruption() async {
        #expect(
            await keep { count in
                if count == 2 || count == 3 { throw NoAnswer() }
                return count < 6
            })
        #expect(asked.withLock { $0 } == [20, 40, 46, 52, 72, 92].map { .seconds($0) })
    }

    @Test("After a pause longer than the lease the answer to a renewal decides", arguments: [true, false])
    func pause(isStillOurs: Bool) async {
        let isLost = await keep { [clock] count in
            if count == 1 { clock.advance(by: .seconds(600)) }
            return count == 1 || (isStillOurs && count == 2)
        }
        #expect(isLost)
        // The first renewal was asked for before the pause, so that the next one follows at once.
        let times = asked.withLock { $0 }
        #expect(times.prefix(2) == [.seconds(20), .seconds(620)])
        #expect(times.count == (isStillOurs ? 3 : 2))
    }

    @Test("A cancelled task has not lost it")
    func cancellation() async {
        let task = Task {
            await keep { count in
                if count == 3 { withUnsafeCurrentTask { $0?.cancel() } }
                return true
            }
        }
        #expect(await !task.value)
        #expect(asked.withLock { $0.count } == 3)
    }

    @Test("What fails because the task is cancelled is no failure")
    func cancelledRenewal() async {
        let task = Task {
            await keep { _ in
                withUnsafeCurrentTask { $0?.cancel() }
                throw CancellationError()
            }
        }
        #expect(await !task.value)
        #expect(failures.withLock { $0 } == 0)
    }
}
