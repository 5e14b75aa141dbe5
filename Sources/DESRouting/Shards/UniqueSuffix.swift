import DESBase

/// The part of a shard's name that no other shard has: 48 bits of milliseconds and 80 random bits as 26 characters of
/// Crockford's base 32, so that names sort by time and two writers never meet.
public struct UniqueSuffix: Sendable, Hashable, Comparable, CustomStringConvertible {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    /// Characters of a suffix.
    public static let length = 26

    /// The 26 characters.
    public let description: String

    /// - Parameters:
    ///   - timestamp: when the shard was begun; its lowest 48 bits of milliseconds are kept.
    ///   - generator: source of the 80 random bits.
    public init(at timestamp: Timestamp, using generator: inout some RandomNumberGenerator) {
        let milliseconds = UInt64(bitPattern: Int64(timestamp.microsecondsSinceEpoch / 1000)) & 0xFFFF_FFFF_FFFF
        let random = (generator.next() as UInt64, generator.next() as UInt64)
        var characters: [UInt8] = []
        characters.reserveCapacity(Self.length)
        for position in (0..<10).reversed() {
            characters.append(Self.alphabet[Int((milliseconds >> UInt64(position * 5)) & 31)])
        }
        for word in [random.0, random.1] {
            for position in 0..<8 {
                characters.append(Self.alphabet[Int((word >> UInt64(position * 5)) & 31)])
            }
        }
        description = String(decoding: characters, as: UTF8.self)
    }

    /// By time, then by chance.
    public static func < (left: UniqueSuffix, right: UniqueSuffix) -> Bool { left.description < right.description }
}
