import DESBase
import DESTestSupport
import Testing

@Suite(.timeLimit(.minutes(5))) struct ByteGateTests {
    @Test func `what fits comes in at once, the next one when enough was given back`() async throws {
        let gate = ByteGate(capacity: 10)
        #expect(try await gate.acquire(6) == 6)
        #expect(try await gate.acquire(4) == 4)
        let isIn = UnitShared(false)
        let waiting = Task {
            let held = try await gate.acquire(5)
            isIn.change { $0 = true }
            return held
        }
        try await waitUntil { gate.hasWaiters }
        gate.release(4)
        #expect(gate.hasWaiters && !isIn.value)
        gate.release(6)
        #expect(try await waiting.value == 5)
    }

    @Test(arguments: [(11, 10), (Int.max, 10), (0, 0), (-3, 0)])
    func `more than the capacity counts as the capacity, and less than nothing as nothing`(
        asked: Int, held: Int
    ) async throws {
        #expect(try await ByteGate(capacity: 10).acquire(asked) == held)
    }

    @Test func `who does not wait gets nothing that others wait for`() async throws {
        let gate = ByteGate(capacity: 10)
        #expect(gate.acquireNow(6) == 6)
        #expect(gate.acquireNow(5) == nil)
        #expect(gate.held == 6)
        #expect(!gate.hasWaiters)
        let waiting = Task { try await gate.acquire(5) }
        try await waitUntil { gate.hasWaiters }
        #expect(gate.acquireNow(1) == nil)
        gate.release(6)
        #expect(try await waiting.value == 5)
        #expect(gate.acquireNow(5) == 5)
        gate.release(10)
        #expect(gate.acquireNow(.max) == 10)
    }

    @Test func `a cancelled waiter gives way to those behind it`() async throws {
        // Often, so that the small one comes before the large one goes, and after.
        for _ in 0..<100 {
            let gate = ByteGate(capacity: 10)
            let held = try await gate.acquire(5)
            let large = Task { try await gate.acquire(10) }
            try await waitUntil { gate.hasWaiters }
            let small = Task { try await gate.acquire(5) }
            await Task.yield()
            large.cancel()
            await #expect(throws: CancellationError.self) { _ = try await large.value }
            #expect(try await small.value == 5)
            gate.release(held)
            gate.release(5)
            #expect(try await gate.acquire(10) == 10)
        }
    }

    @Test func `never more than the capacity is in, and at the end all of it is free`() async throws {
        let gate = ByteGate(capacity: 100)
        let inside = UnitShared(0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 0..<8 {
                group.addTask {
                    var random = TestRandom(seed: UInt64(seed))
                    for _ in 0..<300 {
                        let held = try await gate.acquire(Int.random(in: 0...120, using: &random))
                        inside.change { sum in
                            sum += held
                            if sum > 100 { Issue.record("\(sum) bytes are in") }
                        }
                        inside.change { $0 -= held }
                        gate.release(held)
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(try await gate.acquire(100) == 100)
    }
}
