import Synchronization
import Testing

@testable import DESCommands

@Suite(.timeLimit(.minutes(5))) struct ReadAheadTests {
    @Test("results come in order, and no more than allowed are under way or waiting", arguments: [1, 2, 8])
    func order(_ count: Int) async throws {
        let open = Mutex((current: 0, most: 0))
        var numbers = (0..<100).makeIterator()
        var results: [Int] = []
        try await ReadAhead.run(
            count, next: { numbers.next() },
            work: { number in
                open.withLock { state in
                    state.current += 1
                    state.most = max(state.most, state.current)
                }
                for _ in 0..<(number % 7) { await Task.yield() }
                return number
            },
            use: { number in
                results.append(number)
                open.withLock { $0.current -= 1 }
                return true
            })
        #expect(results == Array(0..<100))
        #expect(open.withLock { $0.most } <= count)
    }

    @Test("who stops early has not begun much", arguments: [1, 2, 5])
    func stop(_ wanted: Int) async throws {
        let started = Mutex(0)
        var results: [Int] = []
        var numbers = (0..<100).makeIterator()
        try await ReadAhead.run(
            8, next: { numbers.next() },
            work: { number in
                started.withLock { $0 += 1 }
                return number
            },
            use: { number in
                results.append(number)
                return results.count < wanted
            })
        #expect(results == Array(0..<wanted))
        #expect(started.withLock { $0 } <= 2 * wanted)
    }

    @Test("an error ends it")
    func failure() async throws {
        struct Stop: Error {}
        var numbers = (0..<100).makeIterator()
        await #expect(throws: Stop.self) {
            try await ReadAhead.run(
                8, next: { numbers.next() }, work: { $0 }, use: { if $0 == 10 { throw Stop() } else { true } })
        }
    }
}
