import DESBase

/// How many bits of a uid choose its shard: 4…16, so a day has 16…65,536 shards. Default 8.
public struct ShardBits: Sendable, Hashable, CustomStringConvertible {
    /// The values that exist.
    public static let range = 4...16
    /// 256 shards a day.
    public static let standard = ShardBits(unchecked: 8)

    /// The number of bits.
    public let count: Int

    /// Nil outside `range`.
    public init?(_ count: Int) {
        guard Self.range.contains(count) else { return nil }
        self.count = count
    }

    private init(unchecked count: Int) { self.count = count }

    /// How many shards a day has.
    public var shardCount: Int { 1 << count }

    /// Hexadecimal digits of a shard's number in file names: max(1, bits / 4), rounded down.
    public var hexDigits: Int { max(1, count / 4) }

    /// The bits as a decimal number.
    public var description: String { String(count) }

    /// The shard of a uid (formats.md, section 2): a uid of ASCII digits is its decimal value modulo 2^bits, whatever its
    /// length; any other is the lowest bits of the CRC-32 of its UTF-8 bytes.
    public func shardIndex(ofUID uid: String) -> Int {
        var uid = uid
        return uid.withUTF8 { shardIndex(ofUID: UnsafeRawBufferPointer($0)) }
    }

    /// The same for the uid's UTF-8 bytes.
    public func shardIndex(ofUID uid: UnsafeRawBufferPointer) -> Int {
        let mask = UInt32(shardCount - 1)
        var decimal: UInt32 = 0
        var isDecimal = !uid.isEmpty
        for byte in uid {
            let digit = byte &- UInt8(ascii: "0")
            if digit > 9 {
                isDecimal = false
                break
            }
            // Modulo a power of two: what overflows could not reach the lowest bits.
            decimal = (decimal &* 10 &+ UInt32(digit)) & mask
        }
        if isDecimal { return Int(decimal) }
        return Int(CRC32(of: uid).value & mask)
    }
}
