import DESTelemetry
import Foundation
import Glibc
import Testing

@Suite struct ConsoleSinkTests {
    private static let clear = "\r\u{1B}[K"

    @Test func `A log line pushes the progress line down`() {
        let pipe = SystemPipe()
        let sink = ConsoleSink(descriptor: pipe.writeEnd, isTerminal: true)
        sink.write(line: "one")
        sink.showProgress("10 files")
        sink.showProgress("10 files")
        sink.write(line: "two")
        sink.showProgress("20 files")
        sink.showProgress("")
        sink.showProgress("")
        sink.write(line: "three")
        let clear = Self.clear
        #expect(
            pipe.readAvailable()
                == "one\n\(clear)10 files\(clear)two\n10 files\(clear)20 files\(clear)three\n")
    }

    private static func progress(_ files: Int, after elapsed: Duration) -> ProgressSnapshot {
        ProgressSnapshot([.init("read", files)], bytes: nil, elapsed: elapsed)
    }

    @Test func `Without a terminal somebody is told once a minute`() {
        let pipe = SystemPipe()
        let sink = ConsoleSink(descriptor: pipe.writeEnd)
        let progress = ProgressLine(sink: sink) { sink.write(line: $0) }
        for second in 1...150 { progress.update(Self.progress(second, after: .seconds(second))) }
        progress.finish()
        #expect(pipe.readAvailable() == "60 read · 1.0 files/s\n120 read · 1.0 files/s\n")
    }

    @Test func `Without a terminal there is no progress and no control character`() {
        let pipe = SystemPipe()
        let sink = ConsoleSink(descriptor: pipe.writeEnd)
        let progress = ProgressLine(sink: sink) { _ in }
        progress.update(Self.progress(1, after: .seconds(1)))
        sink.write(line: "only this")
        progress.finish()
        #expect(!sink.isTerminal)
        #expect(sink.columns == 80)
        #expect(pipe.readAvailable() == "only this\n")
    }

    @Test func `A reader that has gone stops nothing, and its signal is taken back`() {
        let pipe = SystemPipe()
        let sink = ConsoleSink(descriptor: pipe.writeEnd)
        pipe.closeReadEnd()
        sink.write(line: "nobody reads this")
        sink.write(line: "nor this")
        var pending = sigset_t()
        sigpending(&pending)
        #expect(sigismember(&pending, SIGPIPE) == 0)
    }

    @Test func `Lines of many threads are written whole, through a pipe that is full and does not block`() {
        let pipe = SystemPipe()
        #expect(fcntl(pipe.writeEnd, F_SETFL, O_NONBLOCK) == 0)
        let sink = ConsoleSink(descriptor: pipe.writeEnd)
        // Together several times what a pipe holds, each more than it takes at once.
        let filler = String(repeating: "x", count: 9_000)
        // Threads, because they block in the sink: tasks could leave no thread of the pool for the reader below.
        for thread in 0..<4 {
            Thread.detachNewThread {
                for line in 0..<20 { sink.write(line: "\(thread) \(line) \(filler)") }
            }
        }
        var text = ""
        while text.utf8.count(where: { $0 == UInt8(ascii: "\n") }) < 80 { text += pipe.readAvailable() }
        let lines = text.split(separator: "\n")
        #expect(Set(lines).count == 80)
        #expect(lines.allSatisfy { $0.hasSuffix(" " + filler) && $0.utf8.count < 9_010 })
    }

    @Test func `The progress line changes at most ten times a second and not after its end`() {
        let pipe = SystemPipe()
        let sink = ConsoleSink(descriptor: pipe.writeEnd, isTerminal: true)
        let progress = ProgressLine(sink: sink) { _ in }
        for step in 1...10 {
            progress.update(Self.progress(step, after: .milliseconds(step * 40)))
        }
        progress.finish()
        progress.update(Self.progress(99, after: .seconds(99)))
        let drawn = pipe.readAvailable().split(separator: Self.clear).map { $0.prefix { $0 != " " } }
        #expect(drawn == ["1", "4", "7", "10"])
    }
}
