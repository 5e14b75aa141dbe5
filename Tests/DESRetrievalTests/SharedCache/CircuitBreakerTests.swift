import Testing

@testable import struct DESRetrieval.CircuitBreaker

@Suite("When something that fails is tried again")
struct CircuitBreakerTests {
    private func permit(_ breaker: inout CircuitBreaker, at now: Duration) throws -> CircuitBreaker.Permit {
        let permit = breaker.admit(at: now)
        return try #require(permit)
    }

    @Test("Pauses grow from one second to thirty, and a success ends them")
    func growing() throws {
        var breaker = CircuitBreaker()
        var now = Duration.zero
        var pauses: [Duration?] = []
        for _ in 0..<7 {
            let next = try permit(&breaker, at: now)
            let pause = breaker.failed(next, at: now, random: 0)
            pauses.append(pause)
            now += try #require(pause)
        }
        #expect(pauses == [1, 2, 4, 8, 16, 30, 30].map { .seconds($0) })
        let trial = try permit(&breaker, at: now)
        breaker.succeeded(trial)
        #expect(breaker.isClosed)
        let next = try permit(&breaker, at: now)
        let again = breaker.failed(next, at: now, random: 0)
        #expect(again == .seconds(1))
    }

    @Test("Chance makes a pause shorter by a quarter at most", arguments: [(0, 1000), (0.5, 875), (0.999, 750)])
    func jitter(_ random: Double, _ milliseconds: Int) throws {
        var breaker = CircuitBreaker()
        let first = try permit(&breaker, at: .zero)
        let pause = breaker.failed(first, at: .zero, random: random)
        #expect(abs(try #require(pause) / .milliseconds(1) - Double(milliseconds)) < 1)
    }

    @Test("In a pause nobody may try, after it one, and the others when that one has succeeded")
    func oneTry() throws {
        var breaker = CircuitBreaker()
        let first = try permit(&breaker, at: .zero)
        _ = breaker.failed(first, at: .zero, random: 0)
        #expect(!breaker.isClosed)
        let early = breaker.admit(at: .milliseconds(999))
        #expect(early == nil)
        let trial = try permit(&breaker, at: .seconds(1))
        let second = breaker.admit(at: .seconds(100))
        #expect(second == nil)
        breaker.succeeded(trial)
        let later = breaker.admit(at: .seconds(100))
        #expect(later != nil)
    }

    @Test("Many failures of one time make one pause, and late reports change nothing")
    func lateReports() throws {
        var breaker = CircuitBreaker()
        let permits = try (0..<3).map { _ in try permit(&breaker, at: .zero) }
        let pauses = permits.map { breaker.failed($0, at: .zero, random: 0) }
        #expect(pauses == [.seconds(1), nil, nil])
        breaker.succeeded(permits[0])
        #expect(!breaker.isClosed)
        let trial = try permit(&breaker, at: .seconds(1))
        let late = breaker.failed(permits[1], at: .seconds(1), random: 0)
        #expect(late == nil)
        let own = breaker.failed(trial, at: .seconds(1), random: 0)
        #expect(own == .seconds(2))
    }

    @Test("When the one try is given up, another may come at once, and the pause stays as long as it was")
    func abandoned() throws {
        var breaker = CircuitBreaker()
        let first = try permit(&breaker, at: .zero)
        _ = breaker.failed(first, at: .zero, random: 0)
        let trial = try permit(&breaker, at: .seconds(1))
        breaker.abandoned(trial, at: .seconds(1))
        let next = try permit(&breaker, at: .seconds(1))
        let pause = breaker.failed(next, at: .seconds(1), random: 0)
        #expect(pause == .seconds(2))
    }
}
