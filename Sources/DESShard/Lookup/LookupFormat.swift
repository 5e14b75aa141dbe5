import DESBase

/// The fixed parts of LOOKUP, which lies between the last payload and INDEX of a large shard (see <doc:LookupTable>).
enum LookupFormat {
    static let magic = Array("DESLKUP1".utf8)
    static let trailerSize = 36
    /// Of the trailer's own checksum, which covers what is before it.
    static let trailerChecksumOffset = 32
    /// In ROOT, one leaf: stored size and checksum.
    static let rootSlotSize = 8
    static let largestLeafBits = 12
    /// On average a leaf has at most that many entries, as long as `largestLeafBits` allows it.
    static let leafEntries = 256
    /// How many bytes of INDEX's end the trailer has a checksum of: every reader has them from its first read.
    static let indexEndSize = 32 << 10
    /// Offset, length and so on of the smallest entry that a shard with a table can have.
    static let smallestEntry = 2 + 1 + 2 + 8 + 4

    /// How many leaves a shard with that many entries gets, as a power of two.
    static func leafBits(entryCount: Int) -> Int {
        var bits = 0
        while bits < largestLeafBits, entryCount > leafEntries << bits { bits += 1 }
        return bits
    }

    /// The leaf of a uid.
    ///
    /// The multiplication spreads what the CRC-32 alone would not: the uids of one shard share its lowest bits.
    @inline(__always)
    static func leaf(of uid: UnsafeRawBufferPointer, leafBits: Int) -> Int {
        let mixed = CRC32(of: uid).value &* 0x9E37_79B1
        // Of `leafBits` 0 the shift is by all 32 bits, which gives 0.
        return Int(mixed >> UInt32(32 - leafBits))
    }

    /// The checksum of INDEX's last bytes, of all of them if there are fewer than ``indexEndSize``.
    static func indexEndChecksum(_ index: UnsafeRawBufferPointer) -> CRC32 {
        CRC32(of: UnsafeRawBufferPointer(rebasing: index.suffix(indexEndSize)))
    }
}
