import DESBase
import DESTelemetry
import DESTestSupport
import Foundation
import Logging
import Testing

@Suite struct LogHandlerTests {
    private struct ReadFailure: Error, CustomStringConvertible {
        let description: String
    }

    private let sink = RecordingSink()

    private func logger(_ format: LoggingFormat, level: Logger.Level = .info) -> Logger {
        makeLogger(label: "des", level: level, format: format, sink: sink) {
            Timestamp(microsecondsSinceEpoch: 1_767_323_045_678_999)
        }
    }

    @Test func `A text line is time, level, message and fields sorted by key`() {
        logger(.text).info("shard published", metadata: ["shard": "2026-01-02/a7", "files": "12"])
        #expect(sink.lines == ["2026-01-02T03:04:05.678Z INFO  shard published files=12 shard=2026-01-02/a7"])
    }

    @Test(
        arguments: [
            ("plain", "plain"), ("", #""""#), ("two words", #""two words""#), ("say \"hi\"", #""say \"hi\"""#),
            ("a\nb\r\tc", #""a\nb\r\tc""#), ("key=value", #""key=value""#), (#"C:\x"#, #"C:\x"#),
            (#"C:\x y"#, #""C:\\x y""#), ("\u{1B}[31m", #""\u001b[31m""#),
            ("\u{85}\u{2028}\u{202E}", #""\u0085\u2028\u202e""#),
            ("grün·文", "grün·文"), ("no\u{A0}break", "\"no\u{A0}break\""),
        ])
    func `A value is one word or quoted`(value: String, written: String) {
        logger(.text).info("m", metadata: ["k": .string(value)])
        #expect(sink.lines == ["2026-01-02T03:04:05.678Z INFO  m k=\(written)"])
    }

    @Test func `Nothing in message, key or value ends the line or forges a field`() {
        logger(.text).error("bad\nname \u{1B}[2J", metadata: ["a b\n=": ["x": ["1", "2 3"]]])
        #expect(
            sink.lines == [
                #"2026-01-02T03:04:05.678Z ERROR bad\nname \u001b[2J a_b__="{x=[1, 2 3]}""#
            ])
    }

    @Test(arguments: [
        ("files", "12", "12"), ("files_migrated", "0", "0"), ("duration_seconds", "1.5", "1.5"),
        ("duration_seconds", "1e-05", "1e-05"),
        ("rows", "-3", "-3"), ("port", "8000", "8000"), ("uid", "12", #""12""#), ("shard", "7", #""7""#),
        ("unit", "5", #""5""#),
        ("files", "all", #""all""#), ("files", "012", #""012""#), ("files", "+1", #""+1""#),
        ("seconds", "nan", #""nan""#),
        ("seconds", "inf", #""inf""#), ("seconds", "0x10", #""0x10""#), ("files", "", #""""#), ("run_id", "1", #""1""#),
    ])
    func `What counts or measures is a number in JSON, a name that looks like one is not`(
        key: String, value: String, written: String
    ) {
        logger(.json).info("m", metadata: [key: .string(value)])
        #expect(sink.lines.first?.hasSuffix(#""message":"m","\#(key)":\#(written)}"#) == true, "\(sink.lines)")
    }

    @Test func `A JSON line is an object that other programs read, with values of their types`() throws {
        let message = "line\nbreak \"quoted\" \\ \u{1} \u{2028} ü"
        logger(.json).warning(
            "\(message)",
            metadata: [
                "n": .stringConvertible(42), "x": .stringConvertible(1.5), "nan": .stringConvertible(Double.nan),
                "flag": .stringConvertible(true), "list": ["a", "b"], "map": ["k": "v"], "level": "mine",
            ])
        let line = try #require(sink.lines.first)
        #expect(line.hasPrefix(#"{"ts":"2026-01-02T03:04:05.678Z","level":"warning","message":"line\nbreak "#))
        #expect(!line.unicodeScalars.contains { $0.value < 0x20 || $0 == "\u{2028}" })

        let object = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["message"] as? String == message)
        #expect(object["n"] as? Int == 42)
        #expect(object["x"] as? Double == 1.5)
        #expect(object["nan"] as? String == "nan")
        #expect(object["flag"] as? Bool == true)
        #expect(object["list"] as? [String] == ["a", "b"])
        #expect(object["map"] as? [String: String] == ["k": "v"])
        #expect(object["level"] as? String == "warning")
        #expect(object["metadata.level"] as? String == "mine")
    }

    @Test(arguments: LoggingFormat.allCases)
    func `Fields of the event win over those of the logger, and those over the provider's`(format: LoggingFormat) {
        var handler = logger(format).handler
        handler.metadataProvider = Logger.MetadataProvider { ["a": "provider", "b": "provider", "c": "provider"] }
        var logger = Logger(label: "des") { _ in handler }
        logger[metadataKey: "b"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.info("m", metadata: ["c": "event"])
        let fields =
            format == .text ? " a=provider b=logger c=event" : #","a":"provider","b":"logger","c":"event"}"#
        #expect(sink.lines.first?.hasSuffix(fields) == true)
    }

    @Test func `An error of the event is a field`() {
        logger(.text).error("cannot read", error: ReadFailure(description: "no such file"))
        #expect(sink.lines.first?.hasSuffix("ERROR cannot read error=\"no such file\"") == true)
    }

    @Test func `Events below the level are not written`() {
        let logger = logger(.text, level: .warning)
        logger.info("not this")
        logger.critical("this")
        #expect(sink.lines == ["2026-01-02T03:04:05.678Z CRITICAL this"])
    }

    @Test(
        arguments: [
            ("debug", .debug), ("INFO", .info), ("Warning", .warning), ("WARN", .warning), ("error", .error),
            ("CRITICAL", .critical), ("FATAL", .critical), ("notice", .notice), ("trace", .trace), ("loud", nil),
            ("", nil),
        ] as [(String, Logger.Level?)])
    func `A level is read in any case, by the names of Python too`(text: String, level: Logger.Level?) {
        #expect(Logger.Level(parsing: text) == level)
    }

    @Test func `Every name of a level that messages offer is accepted`() {
        #expect(Logger.Level.names.allSatisfy { Logger.Level(parsing: $0) != nil })
    }
}
