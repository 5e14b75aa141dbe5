/// The parts of a shard's file name `<YYYYMMDD>_<HEX>_<suffix>.des`, whoever wrote it.
public struct ShardFileName: Sendable, Hashable {
    /// `YYYYMMDD`.
    public let dateDirectory: String
    /// Upper-case hexadecimal digits of the shard's number.
    public let shardHex: String
    /// Ours has 26 characters, that of older writers is a counter such as `0000`.
    public let suffix: String

    /// Nil when it is not the name of a shard.
    public init?(_ name: some StringProtocol) {
        guard name.utf8.suffix(4).elementsEqual(".des".utf8) else { return nil }
        let parts = name.dropLast(4).split(separator: "_", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 8, parts[0].utf8.allSatisfy(Self.isDigit),
            (1...4).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(Self.isHexDigit), !parts[2].isEmpty
        else { return nil }
        dateDirectory = String(parts[0])
        shardHex = String(parts[1])
        suffix = String(parts[2])
    }

    /// The shard's number.
    public var shardIndex: Int { Int(shardHex, radix: 16) ?? 0 }

    /// The numbers of bits with which a shard of this number has this name.
    public var possibleBits: [ShardBits] {
        let number = shardIndex
        return ShardBits.range.compactMap { ShardBits($0) }.filter { bits in
            number < bits.shardCount && ShardKey(dayNumber: 0, shardIndex: number, bits: bits).shardHex == shardHex
        }
    }

    /// Whether a file with this uid can be in the shard, whatever number of bits it was written with.
    public func mayHold(uid: String) -> Bool {
        let number = shardIndex
        return possibleBits.contains { $0.shardIndex(ofUID: uid) == number }
    }

    /// Whether the shard was begun after another one of its day, as far as names tell: our suffixes sort by the clock of their
    /// writer; those of older writers are counters, and older than all of ours.
    public func isNewer(than other: ShardFileName) -> Bool {
        let (length, otherLength) = (suffix.utf8.count, other.suffix.utf8.count)
        let (isOurs, otherIsOurs) = (length == UniqueSuffix.length, otherLength == UniqueSuffix.length)
        if isOurs != otherIsOurs { return isOurs }
        if length != otherLength { return length > otherLength }
        return other.suffix.utf8.lexicographicallyPrecedes(suffix.utf8)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    private static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (65...70).contains(byte) }
}
