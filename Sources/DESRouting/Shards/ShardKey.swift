import DESBase

/// What files of one shard have in common: their day in UTC and the number that their uids lead to.
public struct ShardKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Days since 1970-01-01 in UTC.
    public let dayNumber: Int64
    /// 0 ..< 2^bits.
    public let shardIndex: Int
    /// The bits the index was made with.
    public let bits: ShardBits

    /// The shard that a file belongs to.
    public init(uid: String, createdAt: Timestamp, bits: ShardBits) {
        self.dayNumber = createdAt.dayNumber
        self.shardIndex = bits.shardIndex(ofUID: uid)
        self.bits = bits
    }

    /// The shard of a day by its number; the index is taken modulo the number of shards.
    public init(dayNumber: Int64, shardIndex: Int, bits: ShardBits) {
        self.dayNumber = dayNumber
        self.shardIndex = shardIndex & (bits.shardCount - 1)
        self.bits = bits
    }

    /// `YYYYMMDD`.
    public var dateDirectory: String {
        Timestamp(microsecondsSinceEpoch: dayNumber * CivilDate.microsecondsPerDay).dateDirectory
    }

    /// Upper-case hexadecimal, padded with zeros to `bits.hexDigits`.
    public var shardHex: String {
        let hex = String(shardIndex, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, bits.hexDigits - hex.count)) + hex
    }

    /// `YYYYMMDD_HEX_`: what the names of all shards of this key begin with.
    public var namePrefix: String { "\(dateDirectory)_\(shardHex)_" }

    /// `YYYYMMDD/HEX.des`: the key that older programs print for a location.
    public var objectKey: String { "\(dateDirectory)/\(shardHex).des" }

    /// The name of the one shard of this key with that suffix.
    public func fileName(suffix: UniqueSuffix) -> String { "\(namePrefix)\(suffix).des" }

    /// `YYYYMMDD_HEX`.
    public var description: String { "\(dateDirectory)_\(shardHex)" }

    /// By day, then by number.
    public static func < (left: ShardKey, right: ShardKey) -> Bool {
        (left.dayNumber, left.shardIndex) < (right.dayNumber, right.shardIndex)
    }
}

/// Where a file goes (formats.md, section 2).
public func locate(uid: String, createdAt: Timestamp, bits: ShardBits = .standard) -> ShardKey {
    ShardKey(uid: uid, createdAt: createdAt, bits: bits)
}
