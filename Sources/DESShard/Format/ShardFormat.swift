/// The fixed parts of a DES2 shard (formats.md, section 1). All integers are little-endian.
package enum ShardFormat {
    static let headerMagic = Array("DES2".utf8)
    static let footerMagic = Array("DESI".utf8)
    /// Magic, version, three zero bytes.
    static let headerSize = 8
    /// Magic and the size of the index as u64.
    package static let footerSize = 12
    static let entryCountSize = 4
    static let writtenVersion: UInt8 = 2
    static let knownVersions: ClosedRange<UInt8> = 1...2
    static let bigFileFlag: UInt8 = 1
    /// Fixed bytes of an inline entry's tail: offset, length, codec, compressed and uncompressed size.
    static let inlineFieldsSize = 8 + 8 + 1 + 8 + 8
    /// Bytes of the longest uid; an index says their number in 16 bits.
    package static let maximumUIDLength = Int(UInt16.max)
}
