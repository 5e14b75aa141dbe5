/// Decides which of many files in one shard are read with one request: neighbours whose gap is small.
struct ReadPlan {
    /// A larger gap is not read only to be thrown away; bytes (formats.md, section 3, has the same limit).
    static let largestGap: UInt64 = 1 << 20
    /// What one request reads at most, unless a single file is larger; bytes.
    static let largestRead: UInt64 = 8 << 20

    /// A range of the shard that is read, and whose files it has.
    struct Read: Equatable {
        var range: Range<UInt64>
        /// Positions in what the plan was made from.
        var members: [Int]
    }

    let reads: [Read]

    /// - Parameter ranges: of the files, in any order; they may touch, overlap or be the same.
    init(_ ranges: [Range<UInt64>]) {
        var reads: [Read] = []
        let order = ranges.indices.sorted {
            (ranges[$0].lowerBound, ranges[$0].upperBound) < (ranges[$1].lowerBound, ranges[$1].upperBound)
        }
        for position in order {
            let range = ranges[position]
            if var last = reads.last {
                let end = max(last.range.upperBound, range.upperBound)
                let isNear =
                    range.lowerBound <= last.range.upperBound
                    || range.lowerBound - last.range.upperBound <= Self.largestGap
                if isNear, end - last.range.lowerBound <= Self.largestRead || end == last.range.upperBound {
                    last.range = last.range.lowerBound..<end
                    last.members.append(position)
                    reads[reads.count - 1] = last
                    continue
                }
            }
            reads.append(Read(range: range, members: [position]))
        }
        self.reads = reads
    }
}
