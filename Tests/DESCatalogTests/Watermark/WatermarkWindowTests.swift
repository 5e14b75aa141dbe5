import DESBase
import DESCatalog
import DESCatalogWatermark
import Testing

@Suite("The window behind a watermark")
struct WatermarkWindowTests {
    private func time(_ text: String) throws -> Timestamp { try #require(Timestamp(parsing: text)) }

    private func window(until: String?, lag: Int = 7, now: String = "2024-01-20T13:14:15Z") throws -> WatermarkWindow {
        WatermarkWindow(archivedUntil: try until.map(time), lagDays: lag, now: try time(now))
    }

    static let ends = [
        (7, "2024-01-20T13:14:15Z", "2024-01-13"), (0, "2024-01-20T13:14:15Z", "2024-01-20"),
        (1, "2024-01-20T00:00:00Z", "2024-01-19"), (0, "2024-01-19T23:59:59.999999Z", "2024-01-19"),
        (1_000_000, "2024-01-20", "0001-01-01"), (Int.max, "2024-01-20", "0001-01-01"),
        (20_000, "2024-01-20", "1969-04-18"),
    ]

    @Test("It ends at midnight UTC of now without the lag", arguments: ends)
    func end(lag: Int, now: String, end: String) throws {
        #expect(try window(until: nil, lag: lag, now: now).end == time(end))
    }

    @Test("Slices end at midnight, take it in, and skip days without rows")
    func slices() throws {
        var window = try window(until: "2024-01-05T10:00:00Z")
        #expect(try window.rest?.from == time("2024-01-05T10:00:00.000001Z"))
        #expect(try window.rest?.before == time("2024-01-13T00:00:00.000001Z"))
        let first = try #require(try window.nextSlice(firstRow: time("2024-01-05T10:00:01Z")))
        #expect(try first == WatermarkSlice(after: time("2024-01-05T10:00:00Z"), through: time("2024-01-06")))
        #expect(first.range.includesUndated == false)
        // A row of midnight itself belongs to the day that ends there.
        #expect(try window.nextSlice(firstRow: time("2024-01-07"))?.through == time("2024-01-07"))
        let third = try #require(try window.nextSlice(firstRow: time("2024-01-10T00:00:00.000001Z")))
        #expect(try third == WatermarkSlice(after: time("2024-01-07"), through: time("2024-01-11")))
        #expect(try window.rest?.from == time("2024-01-11T00:00:00.000001Z"))
        #expect(window.nextSlice(firstRow: nil) == nil)
        #expect(window.isFinished)
        #expect(window.rest == nil)
    }

    @Test("The watermark follows over settled slices, and over the days without rows at the end")
    func advances() throws {
        var window = try window(until: "2024-01-05")
        let first = try #require(try window.nextSlice(firstRow: time("2024-01-06T01:00:00Z")))
        #expect(try window.finish(first, isSettled: true) == time("2024-01-07"))
        #expect(window.nextSlice(firstRow: nil) == nil)
        #expect(try window.watermark == time("2024-01-13"))
    }

    @Test("The watermark never passes a blocked slice, while later ones are worked on")
    func blocked() throws {
        var window = try window(until: nil)
        let slices = try (1...4).map { try #require(try window.nextSlice(firstRow: time("2024-01-0\($0)T12:00:00Z"))) }
        #expect(slices[0].range.from == .earliest)
        #expect(try window.finish(slices[0], isSettled: true) == time("2024-01-02"))
        #expect(window.finish(slices[1], isSettled: false) == nil)
        #expect(window.finish(slices[2], isSettled: true) == nil)
        #expect(window.finish(slices[3], isSettled: false) == nil)
        #expect(window.nextSlice(firstRow: nil) == nil)
        #expect(try window.watermark == time("2024-01-02"))
        #expect(window.blocked == [slices[1], slices[3]])
        #expect(window.isFinished)
    }

    @Test("A slice that is not finished yet holds the watermark back, too")
    func order() throws {
        var window = try window(until: nil)
        let first = try #require(try window.nextSlice(firstRow: time("2024-01-01T12:00:00Z")))
        let second = try #require(try window.nextSlice(firstRow: time("2024-01-02T12:00:00Z")))
        #expect(window.finish(second, isSettled: true) == nil)
        #expect(window.watermark == nil)
        #expect(window.nextSlice(firstRow: nil) == nil)
        #expect(window.watermark == nil)
        #expect(try window.finish(first, isSettled: true) == time("2024-01-02"))
    }

    @Test(
        "A watermark at or after the end leaves nothing to do", arguments: ["2024-01-13", "2024-02-01", "9999-12-31"])
    func finished(until: String) throws {
        var window = try window(until: until)
        #expect(window.isFinished)
        #expect(window.rest == nil)
        #expect(try window.nextSlice(firstRow: time("2024-01-01")) == nil)
        #expect(try window.watermark == time(until))
    }

    @Test("A window without rows is settled up to its end")
    func empty() throws {
        var window = try window(until: nil)
        #expect(window.nextSlice(firstRow: nil) == nil)
        #expect(window.watermark == window.end)
    }
}
