import DESTelemetry
import DESTestSupport
import Testing

@testable import DESMigration

@Suite(.timeLimit(.minutes(5))) struct BoundedStreamTests {
    @Test func `with one producer and one consumer elements keep their order`() async throws {
        let stream = BoundedStream<Int>(limit: 7) { _ in 1 }
        let producer = Task {
            for number in 0..<10_000 { try await stream.send(number) }
            stream.finish()
        }
        var expected = 0
        while let number = try await stream.next() {
            try #require(number == expected)
            expected += 1
        }
        #expect(expected == 10_000)
        try await producer.value
    }

    @Test(arguments: [(1, 8, 1), (8, 1, 7), (8, 8, 1), (8, 8, 64)])
    func `nothing is lost or doubled over a hundred thousand elements`(
        producers: Int, consumers: Int, group size: Int
    ) async throws {
        let total = 100_000
        let stream = BoundedStream<Int>(limit: 50) { _ in 1 }
        let counts = UnitShared([UInt8](repeating: 0, count: total))
        try await withThrowingTaskGroup(of: Void.self) { all in
            all.addTask {
                defer { stream.finish() }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for first in 0..<producers {
                        group.addTask {
                            for number in stride(from: first, to: total, by: producers) {
                                try await stream.send(number)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            for _ in 0..<consumers {
                all.addTask {
                    while let group = try await stream.nextGroup(atMost: size) {
                        #expect(!group.isEmpty && group.count <= size)
                        counts.change { counts in
                            for number in group { counts[number] += 1 }
                        }
                    }
                }
            }
            try await all.waitForAll()
        }
        #expect(counts.value.allSatisfy { $0 == 1 })
        #expect(stream.count == 0)
    }

    @Test func `what waits never weighs more than the limit and one element of each producer`() async throws {
        let (limit, producers, heaviest) = (1000, 6, 300)
        let stream = BoundedStream<Int>(limit: limit) { $0 }
        let sent = UnitShared(0)
        try await withThrowingTaskGroup(of: Void.self) { all in
            all.addTask {
                defer { stream.finish() }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for producer in 0..<producers {
                        group.addTask {
                            var random = TestRandom(seed: UInt64(producer))
                            for _ in 0..<2000 {
                                let weight = Int.random(in: 1...heaviest, using: &random)
                                // Counted before it is in, so the sum is never too small.
                                sent.change { $0 += weight }
                                try await stream.send(weight)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
            var received = 0
            while let weight = try await stream.next() {
                // The element itself has left the stream.
                let waiting = sent.value - received - weight
                // Each producer may have one element in excess, and one counted that it is about to send.
                #expect(waiting <= limit + producers * heaviest)
                received += weight
            }
            #expect(received == sent.value)
            try await all.waitForAll()
        }
    }

    @Test func `a producer at the limit waits until something is taken`() async throws {
        let stream = BoundedStream<Int>(limit: 1) { _ in 1 }
        let isThrough = UnitShared(false)
        let producer = Task {
            try await stream.send(1)
            isThrough.change { $0 = true }
        }
        try await waitUntil { stream.count == 1 }
        for _ in 0..<100 { await Task.yield() }
        #expect(!isThrough.value)
        #expect(try await stream.next() == 1)
        try await producer.value
    }

    @Test func `the finish lets waiting producers and consumers go`() async throws {
        let empty = BoundedStream<Int>(limit: 1) { _ in 1 }
        let consumers = (0..<3).map { _ in Task { try await empty.next() } }
        for _ in 0..<20 { await Task.yield() }
        empty.finish()
        for consumer in consumers { #expect(try await consumer.value == nil) }

        let full = BoundedStream<Int>(limit: 1) { _ in 1 }
        let producers = (0..<3).map { number in Task { try await full.send(number) } }
        try await waitUntil { full.count == 3 }
        full.finish()
        for producer in producers { try await producer.value }
        // What they had sent is still there, what comes after the finish is dropped.
        try await full.send(99)
        #expect(Set(try await full.nextGroup(atMost: 10) ?? []) == [0, 1, 2])
        #expect(try await full.next() == nil)
    }

    @Test func `an offer is taken while there is room, else dropped, and never waits`() async throws {
        let stream = BoundedStream<Int>(limit: 2) { _ in 1 }
        for number in 1...5 { stream.offer(number) }
        #expect(try await stream.nextGroup(atMost: 10) == [1, 2])
        let consumer = Task { try await stream.next() }
        for _ in 0..<20 { await Task.yield() }
        stream.offer(6)
        #expect(try await consumer.value == 6)
        stream.finish()
        stream.offer(7)
        #expect(try await stream.next() == nil)
    }

    @Test func `a cancelled sender stops waiting, and its element is there`() async throws {
        let stream = BoundedStream<Int>(limit: 1) { _ in 1 }
        let producer = Task { try await stream.send(1) }
        try await waitUntil { stream.count == 1 }
        producer.cancel()
        await #expect(throws: CancellationError.self) { try await producer.value }
        #expect(try await stream.next() == 1)
        // Nobody is left who would be resumed a second time.
        let next = Task { try await stream.send(2) }
        #expect(try await stream.next() == 2)
        try await next.value
    }

    @Test func `a cancelled receiver stops waiting and takes nothing from others`() async throws {
        let stream = BoundedStream<Int>(limit: 10) { _ in 1 }
        let consumer = Task { try await stream.next() }
        for _ in 0..<20 { await Task.yield() }
        consumer.cancel()
        await #expect(throws: CancellationError.self) { try await consumer.value }
        try await stream.send(1)
        #expect(try await stream.next() == 1)
    }

    @Test func `a task that is cancelled before receives nothing, and the element stays for others`() async throws {
        let stream = BoundedStream<Int>(limit: 10) { _ in 1 }
        try await stream.send(1)
        let consumer = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await stream.next()
        }
        await #expect(throws: CancellationError.self) { try await consumer.value }
        #expect(stream.count == 1)
    }

    @Test func `consumers that are cancelled at any moment lose and double nothing`() async throws {
        let total = 20_000
        let stream = BoundedStream<Int>(limit: 16) { _ in 1 }
        let counts = UnitShared([UInt8](repeating: 0, count: total))
        let isDone = UnitShared(false)
        @Sendable func consume() async throws {
            while let number = try await stream.next() { counts.change { $0[number] += 1 } }
        }
        try await withThrowingTaskGroup(of: Void.self) { all in
            all.addTask {
                for number in 0..<total { try await stream.send(number) }
                stream.finish()
                isDone.change { $0 = true }
            }
            all.addTask {
                while !isDone.value {
                    let consumers = (0..<4).map { _ in Task { try await consume() } }
                    for consumer in consumers {
                        await Task.yield()
                        consumer.cancel()
                    }
                    for consumer in consumers { _ = await consumer.result }
                }
                try await consume()
            }
            try await all.waitForAll()
        }
        #expect(counts.value.allSatisfy { $0 == 1 })
    }
}

extension BoundedStream {
    fileprivate var count: Int { queue(before: .pack).count }
}
