import DESBase

/// What a value is wrapped in where others can write, so that only what was kept whole under the same key is believed.
///
/// Layout, little-endian: magic `DESX`, length of the value u32, CRC-32 u32 over the bytes of the key and those of the
/// value, then the value.
enum CachedValueFrame {
    /// In bytes, before the value.
    static let headerSize = 12

    private static let magic = Array("DESX".utf8)

    /// - Parameter value: shorter than 4 GiB.
    static func wrapped(_ value: [UInt8], key: String) -> [UInt8] {
        var frame: [UInt8] = []
        frame.reserveCapacity(headerSize + value.count)
        frame += magic
        let checksum = value.withUnsafeBytes { Self.checksum(key, $0) }
        for number in [UInt32(truncatingIfNeeded: value.count), checksum] {
            withUnsafeBytes(of: number.littleEndian) { frame.append(contentsOf: $0) }
        }
        return frame + value
    }

    /// The value; nil if it is cut short, longer than it says, changed, another key's, or no frame at all.
    static func unwrapped(_ frame: UnsafeRawBufferPointer, key: String) -> [UInt8]? {
        guard frame.count >= headerSize, frame.prefix(4).elementsEqual(magic) else { return nil }
        let length = UInt32(littleEndian: frame.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
        let expected = UInt32(littleEndian: frame.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        let value = UnsafeRawBufferPointer(rebasing: frame[headerSize...])
        guard value.count == length, checksum(key, value) == expected else { return nil }
        return Array(value)
    }

    private static func checksum(_ key: String, _ value: UnsafeRawBufferPointer) -> UInt32 {
        var key = key
        var checksum = key.withUTF8 { CRC32(of: UnsafeRawBufferPointer($0)) }
        checksum.update(value)
        return checksum.value
    }
}
