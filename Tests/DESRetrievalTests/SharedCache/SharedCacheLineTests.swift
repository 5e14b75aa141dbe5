import Testing

@testable import struct DESRetrieval.RedisError
@testable import struct DESRetrieval.SharedCacheLine

@Suite("Who may ask the shared cache")
struct SharedCacheLineTests {
    private let down = RedisError(.unusable, "no answer")
    private let full = RedisError(.valueRefused, "OOM")
    private let foreign = RedisError(.foreignValue, "WRONGTYPE")

    private func line(workers: Int = 2, waitingReads: Int = 3, waitingValues: Int = 2) -> SharedCacheLine {
        SharedCacheLine(workers: workers, waitingReads: waitingReads, waitingValues: waitingValues)
    }

    private func admitted(
        _ key: String, to line: inout SharedCacheLine, at now: Duration = .zero
    ) throws -> SharedCacheLine.Read {
        let admission = line.admitRead(key, at: now)
        return try #require(admission).read
    }

    private func keys(_ jobs: [SharedCacheLine.Job?]) -> [String?] {
        jobs.map { job in
            switch job {
            case .read(let read): "read \(read.key)"
            case .keep(let keep): "keep \(keep.key)"
            case nil: nil
            }
        }
    }

    @Test("Reads wait in order, up to a number of them; an idle worker gets one at once")
    func order() throws {
        var line = line()
        let first = line.admitRead("a", at: .zero)
        #expect(first != nil && first?.handover == nil)
        let handed = keys([line.next(for: 0), line.next(for: 1)])
        #expect(handed == ["read a", nil])
        let second = line.admitRead("b", at: .zero)?.handover
        #expect(second?.worker == 1)
        let waiting = ["c", "d", "e", "f"].map { line.admitRead($0, at: .zero) != nil }
        #expect(waiting == [true, true, true, false])
        let next = keys([line.next(for: 1), line.next(for: 0), line.next(for: 0), line.next(for: 0)])
        #expect(next == ["read c", "read d", "read e", nil])
    }

    @Test("Values to keep come after reads, are dropped when too many wait, and leave a worker to the reads")
    func keeping() {
        var line = line()
        let handovers = ["k", "l", "m"].map { line.admitKeep([], key: $0, at: .zero) }
        #expect(handovers == [nil, nil, nil])
        _ = line.admitRead("a", at: .zero)
        let next = keys([line.next(for: 0), line.next(for: 0), line.next(for: 1)])
        #expect(next == ["read a", "keep k", nil])
        let read = line.admitRead("b", at: .zero)
        #expect(read?.handover?.worker == 1)
    }

    @Test("A failure sends all who wait away, is told once, and holds until the pause is over")
    func failure() throws {
        var line = line()
        let running = try ["a", "b"].map { try admitted($0, to: &line) }
        _ = (line.next(for: 0), line.next(for: 1))
        let waiting = try admitted("c", to: &line)
        _ = line.admitKeep([1], key: "k", at: .zero)
        let aftermath = line.ended(running[0], down, at: .zero, random: 0)
        #expect(
            aftermath
                == .init(released: [waiting.id], notice: .init(error: down, pause: .seconds(1))))
        let second = line.ended(running[1], down, at: .zero, random: 0)
        #expect(second == .init())
        let left = keys([line.next(for: 0), line.next(for: 1)])
        #expect(left == [nil, nil])
        let early = line.admitRead("d", at: .milliseconds(900))
        #expect(early == nil)
        let trial = try admitted("e", to: &line, at: .seconds(1))
        let other = line.admitRead("f", at: .seconds(1))
        #expect(other == nil)
        let kept = line.admitKeep([1], key: "k", at: .seconds(1))
        #expect(kept == nil)
        _ = line.ended(trial, nil, at: .seconds(1), random: 0)
        let all = line.admitRead("f", at: .seconds(1))
        #expect(all != nil)
        _ = line.admitKeep([1], key: "k", at: .seconds(1))
        let next = keys([line.next(for: 0)])
        #expect(next == ["keep k"])
    }

    @Test("A value that is refused pauses keeping only")
    func refused() throws {
        var line = line()
        _ = (line.next(for: 0), line.next(for: 1))
        guard case .keep(let keep)? = line.admitKeep([1], key: "k", at: .zero)?.job else {
            Issue.record("it is not handed over")
            return
        }
        let aftermath = line.ended(keep, full, at: .zero, random: 0)
        #expect(aftermath == .init(notice: .init(error: full, pause: .seconds(1))))
        _ = line.next(for: 0)
        let second = line.admitKeep([1], key: "l", at: .milliseconds(500))
        #expect(second == nil)
        let read = line.admitRead("a", at: .milliseconds(500))
        #expect(read?.handover != nil)
        let later = line.admitKeep([1], key: "l", at: .seconds(1))
        #expect(later?.job != nil)
    }

    @Test("A foreign value is told now and then, and stops nothing")
    func foreignValue() throws {
        var line = line()
        var notices: [SharedCacheLine.Notice?] = []
        for second in [0, 1, 29, 30] {
            let now = Duration.seconds(second)
            let read = try admitted("a", to: &line, at: now)
            _ = line.next(for: 0)
            notices.append(line.ended(read, foreign, at: now, random: 0).notice)
        }
        let notice = SharedCacheLine.Notice(error: foreign, pause: nil)
        #expect(notices == [notice, nil, nil, notice])
    }

    @Test("Who has waited too long counts as a failure, though a worker is still at it")
    func late() throws {
        var line = line()
        let read = try admitted("a", to: &line)
        _ = line.next(for: 0)
        let aftermath = line.timedOut(read, down, at: .zero, random: 0)
        #expect(aftermath.notice?.pause == .seconds(1))
        let ended = line.ended(read, nil, at: .zero, random: 0)
        #expect(ended == .init())
        let next = line.admitRead("b", at: .milliseconds(1))
        #expect(next == nil)
    }

    @Test("Who gives up frees the place, and the one try if it was that")
    func givenUp() throws {
        var line = line(waitingReads: 1)
        let read = try admitted("a", to: &line)
        line.cancelled(read, at: .zero)
        let second = try admitted("b", to: &line)
        let next = keys([line.next(for: 0)])
        #expect(next == ["read b"])
        _ = line.ended(second, down, at: .zero, random: 0)
        let trial = try admitted("c", to: &line, at: .seconds(1))
        line.cancelled(trial, at: .seconds(1))
        let another = line.admitRead("d", at: .seconds(1))
        #expect(another != nil)
    }
}
