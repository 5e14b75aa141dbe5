/// Knows up to which day everything has arrived, although batches and their parts overtake one another.
struct DayWatermark: Sendable {
    private struct Batch {
        var received = 0
        var expected: Int?
        var lastDay: Int64?

        var isComplete: Bool { received == expected }
    }

    private var batches: [Int: Batch] = [:]
    private var next = 0
    private var latestDay: Int64?

    /// Takes note of a part; gives the day before which every day is complete, if that is known by now.
    mutating func received(_ part: BatchPart) -> Int64? {
        var batch = batches[part.sequence] ?? Batch()
        batch.received += 1
        if part.isLast { batch.expected = part.number + 1 }
        if let day = part.lastDay { batch.lastDay = max(day, batch.lastDay ?? day) }
        batches[part.sequence] = batch
        while let first = batches[next], first.isComplete {
            if let day = first.lastDay { latestDay = max(day, latestDay ?? day) }
            batches[next] = nil
            next += 1
        }
        return latestDay
    }
}
