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

    /// Whether a file with this uid can be in the shard, whatever number of bits it was written with.
    public func mayHold(uid: String) -> Bool {
        guard let number = Int(shardHex, radix: 16) else { return false }
        return ShardBits.range.contains { count in
            guard let bits = ShardBits(count), bits.shardIndex(ofUID: uid) == number else { return false }
            return ShardKey(dayNumber: 0, shardIndex: number, bits: bits).shardHex == shardHex
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
    private static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (65...70).contains(byte) }
}
