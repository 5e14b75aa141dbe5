import DESTelemetry
import Testing

@Suite struct StopProgressTests {
    @Test func `At first the rate at which files were begun tells how long it may take`() {
        let stop = StopProgress(elapsed: .seconds(10), done: 600)
        #expect(stop.text(left: 9_400, done: 600, elapsed: .seconds(10)) == "stopping: 9,400 files left, about 10 s")
        #expect(stop.text(left: 9_000, done: 1_000, elapsed: .seconds(11)) == "stopping: 9,000 files left, about 10 s")
    }

    @Test func `Then what is done since the stop counts`() {
        let stop = StopProgress(elapsed: .seconds(100), done: 1_000)
        #expect(stop.text(left: 500, done: 1_500, elapsed: .seconds(105)) == "stopping: 500 files left, about 5 s")
        // Nothing yet: shards are marked whole.
        #expect(stop.text(left: 1_000, done: 1_000, elapsed: .seconds(110)) == "stopping: 1,000 files left, about 55 s")
    }

    @Test func `Without a rate it says how many`() {
        let stop = StopProgress(elapsed: .zero, done: 0)
        #expect(stop.text(left: 0, done: 7, elapsed: .seconds(3)) == "stopping: 0 files left")
        #expect(stop.text(left: 5, done: 0, elapsed: .zero) == "stopping: 5 files left")
    }

    @Test func `One file is one, and never no time at all`() {
        let stop = StopProgress(elapsed: .seconds(1), done: 1_000_000)
        #expect(stop.text(left: 1, done: 1_000_000, elapsed: .seconds(1)) == "stopping: 1 file left, about 1 s")
    }

    @Test func `A line of the log is due once an interval`() {
        var pace = LogPace(every: .seconds(10))
        #expect(
            [0, 1, 9, 10, 19, 20, 100, 101].map { pace.isDue(at: .seconds($0)) }
                == [true, false, false, true, false, true, true, false])
        var later = LogPace(every: .seconds(10), isFirstDue: false)
        #expect([0, 5, 10, 11].map { later.isDue(at: .seconds($0)) } == [false, false, true, false])
    }
}
