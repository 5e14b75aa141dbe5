/// Where the parts of a shard lie, from its first 8 and last 12 bytes.
package struct ShardLayout: Sendable, Hashable {
    /// 1 or 2.
    package let version: UInt8
    /// INDEX, entry count included, in bytes from the start of the file.
    package let index: Range<UInt64>

    /// - Throws: `ShardError` when header and footer are not those of a shard of that size.
    package init(
        header: UnsafeRawBufferPointer, footer: UnsafeRawBufferPointer, fileSize: UInt64, file: String
    ) throws(ShardError) {
        guard fileSize >= Self.smallest, header.count == ShardFormat.headerSize, footer.count == ShardFormat.footerSize
        else { throw Self.tooSmall(fileSize, file) }
        guard header.starts(with: ShardFormat.headerMagic) else {
            throw ShardError(
                .notAShard, file: file, offset: 0, "expected DES2, found \(Self.printable(header.prefix(4)))")
        }
        version = header[4]
        guard ShardFormat.knownVersions.contains(version) else {
            throw ShardError(
                .unsupportedVersion, file: file, offset: 4, "expected version 1 or 2, found \(version)"
            )
        }
        guard header[5...].allSatisfy({ $0 == 0 }) else {
            throw ShardError(.malformed, file: file, offset: 5, "expected three zero bytes in the header")
        }
        index = try Self.index(footer: footer, fileSize: fileSize, file: file)
    }

    /// INDEX in bytes from the start of the file, by the footer alone.
    ///
    /// - Throws: `ShardError` when the footer is not that of a shard of that size.
    static func index(
        footer: UnsafeRawBufferPointer, fileSize: UInt64, file: String
    ) throws(ShardError) -> Range<UInt64> {
        guard fileSize >= smallest, footer.count == ShardFormat.footerSize else { throw tooSmall(fileSize, file) }
        let footerStart = fileSize - UInt64(ShardFormat.footerSize)
        guard footer.starts(with: ShardFormat.footerMagic) else {
            throw ShardError(
                .notAShard, file: file, offset: footerStart, "expected DESI, found \(Self.printable(footer.prefix(4)))"
            )
        }
        let indexSize = footer.littleEndian(UInt64.self, at: 4)
        guard indexSize >= UInt64(ShardFormat.entryCountSize),
            indexSize <= footerStart - UInt64(ShardFormat.headerSize)
        else {
            throw ShardError(
                .malformed, file: file, offset: footerStart + 4, "an index of \(indexSize) bytes does not fit the file"
            )
        }
        return (footerStart - indexSize)..<footerStart
    }

    private static let smallest =
        UInt64(ShardFormat.headerSize + ShardFormat.entryCountSize + ShardFormat.footerSize)

    private static func tooSmall(_ size: UInt64, _ file: String) -> ShardError {
        ShardError(.notAShard, file: file, offset: 0, "expected a shard of at least \(smallest) bytes, found \(size)")
    }

    private static func printable(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
        bytes.map { (33...126).contains($0) ? String(UnicodeScalar($0)) : "\\x" + String($0, radix: 16) }.joined()
    }
}
