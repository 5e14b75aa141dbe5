import CDeflate

/// The CRC-32 that zlib has, by libdeflate (polynomial 0xEDB88320 reflected), as it stands in entries' meta.
public struct CRC32: Sendable, Hashable, CustomStringConvertible {
    /// The checksum of all bytes so far.
    public private(set) var value: UInt32

    /// The checksum of no bytes.
    public init() { value = 0 }

    /// A checksum that is already known.
    public init(value: UInt32) { self.value = value }

    /// The checksum of these bytes.
    public init(of bytes: UnsafeRawBufferPointer) {
        value = 0
        update(bytes)
    }

    /// From eight hexadecimal digits of either case; nil for anything else.
    public init?(hex: some StringProtocol) {
        guard hex.utf8.count == 8, hex.utf8.allSatisfy({ Character(UnicodeScalar($0)).isHexDigit }),
            let value = UInt32(hex, radix: 16)
        else { return nil }
        self.value = value
    }

    /// Takes in the bytes that follow.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard let base = bytes.baseAddress else { return }
        value = libdeflate_crc32(value, base, bytes.count)
    }

    /// Eight lower-case hexadecimal digits.
    public var description: String {
        let hex = String(value, radix: 16)
        return String(repeating: "0", count: 8 - hex.count) + hex
    }
}
