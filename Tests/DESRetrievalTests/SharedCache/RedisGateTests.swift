import Testing

@testable import struct DESRetrieval.RedisError
@testable import struct DESRetrieval.RedisGate

@Suite("Who may ask Redis")
struct RedisGateTests {
    private let down = RedisError(.unusable, "no answer")
    private let full = RedisError(.valueRefused, "OOM")
    private let foreign = RedisError(.foreignValue, "WRONGTYPE")

    private func gate(workers: Int = 2, waitingReads: Int = 3, waitingValues: Int = 2) -> RedisGate {
        RedisGate(workers: workers, waitingReads: waitingReads, waitingValues: waitingValues)
    }

    private func read(_ gate: inout RedisGate, at now: Duration = .zero) throws -> RedisGate.Pass {
        let pass = gate.admitRead(at: now)
        return try #require(pass)
    }

    private func value(_ gate: inout RedisGate, at now: Duration = .zero) throws -> RedisGate.Pass {
        let pass = gate.admitValue(at: now)
        return try #require(pass)
    }

    @Test("Reads are spread over the connections, up to a number of them that wait")
    func reads() throws {
        var gate = gate()
        let passes = (0..<6).map { _ in gate.admitRead(at: .zero) }
        #expect(passes.map { $0?.worker } == [0, 1, 0, 1, 0, nil])
        _ = gate.ended(try #require(passes[1]), nil, at: .zero, random: 0)
        let next = [gate.admitRead(at: .zero), gate.admitRead(at: .zero)]
        #expect(next.map { $0?.worker } == [1, nil])
    }

    @Test("Values take one connection, which the reads leave to them, and are dropped when too many wait")
    func values() throws {
        var gate = gate()
        let passes = (0..<4).map { _ in gate.admitValue(at: .zero) }
        #expect(passes.map { $0?.worker } == [1, 1, 1, nil])
        #expect(try (0..<3).map { _ in try read(&gate).worker } == [0, 0, 0])
        for pass in passes.compactMap({ $0 }) { _ = gate.ended(pass, nil, at: .zero, random: 0) }
        #expect(try read(&gate).worker == 1)
        var single = self.gate(workers: 1)
        #expect(try value(&single).worker == 0)
    }

    @Test("A failure sends all who wait away, is told once, and holds until the pause is over")
    func failure() throws {
        var gate = gate()
        let running = try [read(&gate), read(&gate)]
        let waiting = try [read(&gate), value(&gate)]
        #expect(waiting.allSatisfy { gate.isValid($0) })
        let first = gate.ended(running[0], down, at: .zero, random: 0)
        #expect(first == .init(error: down, pause: .seconds(1)))
        let second = gate.ended(running[1], down, at: .zero, random: 0)
        #expect(second == nil)
        #expect(!waiting.contains { gate.isValid($0) })
        for pass in waiting { gate.givenUp(pass, at: .zero) }
        let early = gate.admitRead(at: .milliseconds(900))
        #expect(early == nil)
        let trial = try read(&gate, at: .seconds(1))
        let others = [gate.admitRead(at: .seconds(1)), gate.admitValue(at: .seconds(1))]
        #expect(others == [nil, nil])
        #expect(gate.isValid(trial))
        _ = gate.ended(trial, nil, at: .seconds(1), random: 0)
        let all = [gate.admitRead(at: .seconds(1)), gate.admitValue(at: .seconds(1))]
        #expect(all.allSatisfy { $0 != nil })
    }

    @Test("A value that is refused pauses keeping only")
    func refused() throws {
        var gate = gate()
        let passes = try [value(&gate), value(&gate)]
        let notice = gate.ended(passes[0], full, at: .zero, random: 0)
        #expect(notice == .init(error: full, pause: .seconds(1)))
        #expect(!gate.isValid(passes[1]))
        gate.givenUp(passes[1], at: .zero)
        let early = gate.admitValue(at: .milliseconds(500))
        #expect(early == nil)
        let pass = try read(&gate, at: .milliseconds(500))
        #expect(gate.isValid(pass))
        let trial = try value(&gate, at: .seconds(1))
        let another = gate.admitValue(at: .seconds(1))
        #expect(another == nil)
        _ = gate.ended(trial, nil, at: .seconds(1), random: 0)
        _ = try [value(&gate, at: .seconds(1)), value(&gate, at: .seconds(1))]
    }

    @Test("If the connection fails while one value is tried, another may be tried after it")
    func refusedThenDown() throws {
        for isAsked in [true, false] {
            var gate = gate()
            _ = gate.ended(try value(&gate), full, at: .zero, random: 0)
            let trial = try value(&gate, at: .seconds(1))
            if isAsked {
                _ = gate.ended(trial, down, at: .seconds(1), random: 0)
            } else {
                _ = gate.ended(try read(&gate, at: .seconds(1)), down, at: .seconds(1), random: 0)
                gate.givenUp(trial, at: .seconds(1))
            }
            _ = gate.ended(try read(&gate, at: .seconds(3)), nil, at: .seconds(3), random: 0)
            let next = try value(&gate, at: .seconds(3))
            #expect(gate.isValid(next))
        }
    }

    @Test("A foreign value is told now and then, and stops nothing")
    func foreignValue() throws {
        var gate = gate()
        var notices: [RedisGate.Notice?] = []
        for second in [0, 1, 29, 30] {
            let now = Duration.seconds(second)
            notices.append(gate.ended(try read(&gate, at: now), foreign, at: now, random: 0))
        }
        let notice = RedisGate.Notice(error: foreign, pause: nil)
        #expect(notices == [notice, nil, nil, notice])
    }

    @Test("Who has waited too long counts as a failure, though a connection is still at it")
    func late() throws {
        var gate = gate(workers: 1, waitingReads: 0)
        let pass = try read(&gate)
        let notice = gate.failed(pass, down, at: .zero, random: 0)
        #expect(notice?.pause == .seconds(1))
        let crowded = gate.admitRead(at: .seconds(1))
        #expect(crowded == nil)
        let ended = gate.ended(pass, nil, at: .seconds(1), random: 0)
        #expect(ended == nil)
        let next = try read(&gate, at: .seconds(1))
        #expect(gate.isValid(next))
    }
}
