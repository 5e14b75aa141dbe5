import DESRouting

/// The uids that are looked for, with what leads from the name of a shard to those that it may hold.
struct WantedUIDs {
    let uids: [String]
    /// Positions of uids by the shard that they belong in, for each number of bits that has occurred.
    private var positions: [ShardBits: [Int: [Int]]] = [:]

    init(_ uids: [String]) { self.uids = uids }

    /// The positions of those that may be in a shard.
    ///
    /// - Parameter name: nil: the shard has a name that tells nothing.
    mutating func candidates(in name: ShardFileName?) -> [Int] {
        guard let name else { return Array(uids.indices) }
        var found: [Int] = []
        for bits in name.possibleBits {
            found += positions(for: bits)[name.shardIndex] ?? []
        }
        // A uid belongs in one shard, mostly with several numbers of bits.
        return name.possibleBits.count > 1 ? Set(found).sorted() : found
    }

    private mutating func positions(for bits: ShardBits) -> [Int: [Int]] {
        if let known = positions[bits] { return known }
        let made = Dictionary(grouping: uids.indices) { bits.shardIndex(ofUID: uids[$0]) }
        positions[bits] = made
        return made
    }
}
