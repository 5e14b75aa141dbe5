/// Which zone holds which shards: ranges of shard numbers that do not overlap.
public struct ZoneMap: Sendable, Hashable {
    /// A zone and what it holds.
    public struct Zone: Sendable, Hashable {
        /// What messages call it; different from that of the others.
        public let name: String
        /// Shard numbers, both ends included.
        public let shards: ClosedRange<Int>

        /// Makes a zone; whether it fits the others is checked by the map.
        public init(name: String, shards: ClosedRange<Int>) {
            self.name = name
            self.shards = shards
        }
    }

    /// Why zones cannot be used.
    public struct Problems: Error, Sendable, Hashable, CustomStringConvertible {
        /// One sentence a problem.
        public let messages: [String]
        /// All of them in one line.
        public var description: String { messages.joined(separator: "; ") }
    }

    /// In the order of their shards.
    public let zones: [Zone]

    /// - Parameters:
    ///   - bits: the number of shards a day is 2^bits.
    ///   - allowsGaps: whether some shards may be in no zone.
    /// - Throws: ``Problems``: no zones, names used twice, ranges that leave the shards, overlap or leave gaps.
    public init(_ zones: [Zone], bits: ShardBits, allowsGaps: Bool = false) throws(Problems) {
        let sorted = zones.sorted {
            ($0.shards.lowerBound, $0.shards.upperBound) < ($1.shards.lowerBound, $1.shards.upperBound)
        }
        var messages: [String] = []
        let last = bits.shardCount - 1
        if zones.isEmpty { messages.append("there are no zones") }
        var names: Set<String> = []
        for zone in zones where !names.insert(zone.name).inserted {
            messages.append("two zones have the name \(zone.name)")
        }
        var next = 0
        var before: Zone?
        for zone in sorted {
            let (first, end) = (zone.shards.lowerBound, zone.shards.upperBound)
            if first < 0 || end > last {
                messages.append("the zone \(zone.name) has shards \(first) to \(end), but they are 0 to \(last)")
            }
            if let before, first < next {
                messages.append(
                    "the zones \(before.name) and \(zone.name) both have shards \(first) to \(min(end, next - 1))")
            } else if first > next, !allowsGaps {
                messages.append("no zone has shards \(next) to \(first - 1)")
            }
            if end >= next {
                next = end + 1
                before = zone
            }
        }
        if !zones.isEmpty, next <= last, !allowsGaps { messages.append("no zone has shards \(next) to \(last)") }
        guard messages.isEmpty else { throw Problems(messages: messages) }
        self.zones = sorted
    }

    /// The position in ``zones`` of the zone that holds a shard; nil in a gap.
    public func position(ofShard index: Int) -> Int? { zones.firstIndex { $0.shards.contains(index) } }
}
