import DESTestSupport
import Testing

@testable import DESMigration

@Suite struct DayWatermarkTests {
    private func part(_ sequence: Int, _ number: Int, last: Bool = true, day: Int64?) -> BatchPart {
        BatchPart(sequence: sequence, number: number, isLast: last, lastDay: day)
    }

    @Test func `a batch that overtakes says nothing until those before it are there`() {
        var watermark = DayWatermark()
        #expect(watermark.received(part(2, 0, day: 30)) == nil)
        #expect(watermark.received(part(1, 0, day: 20)) == nil)
        #expect(watermark.received(part(0, 0, day: 10)) == 30)
    }

    @Test func `a batch is complete with all its parts, the last one first as well`() {
        var watermark = DayWatermark()
        #expect(watermark.received(part(0, 2, last: true, day: 7)) == nil)
        #expect(watermark.received(part(0, 0, last: false, day: 5)) == nil)
        #expect(watermark.received(part(0, 1, last: false, day: 6)) == 7)
    }

    @Test func `a batch of which nothing could be read counts, without a day`() {
        var watermark = DayWatermark()
        #expect(watermark.received(part(0, 0, day: nil)) == nil)
        #expect(watermark.received(part(1, 0, day: 3)) == 3)
        #expect(watermark.received(part(2, 0, day: nil)) == 3)
    }

    @Test func `days before 1970 count like others, and the day never goes back`() {
        var watermark = DayWatermark()
        #expect(watermark.received(part(0, 0, day: -5)) == -5)
        #expect(watermark.received(part(1, 0, day: -9)) == -5)
        #expect(watermark.received(part(2, 0, day: -1)) == -1)
    }

    @Test(arguments: 1...50) func `in any order of parts and batches it knows just what has arrived without a gap`(
        seed: UInt64
    ) {
        var random = TestRandom(seed: seed)
        var day: Int64 = -3
        var parts: [BatchPart] = []
        for sequence in 0..<100 {
            let count = Int.random(in: 1...5, using: &random)
            for number in 0..<count {
                day += Int64.random(in: 0...1, using: &random)
                let hasFiles = Int.random(in: 0..<4, using: &random) > 0
                parts.append(part(sequence, number, last: number == count - 1, day: hasFiles ? day : nil))
            }
        }
        let isComplete = { (sequence: Int, arrived: Set<BatchPart>) in
            parts.allSatisfy { $0.sequence != sequence || arrived.contains($0) }
        }
        var watermark = DayWatermark()
        var arrived: Set<BatchPart> = []
        var complete = 0
        for part in parts.shuffled(using: &random) {
            arrived.insert(part)
            while complete < 100 && isComplete(complete, arrived) { complete += 1 }
            let expected = parts.filter { $0.sequence < complete }.compactMap(\.lastDay).max()
            #expect(watermark.received(part) == expected)
        }
        #expect(complete == 100)
    }
}
