package import DESBase
import Glibc

/// Checksums of what a request sends.
package struct PayloadDigests: Sendable, Hashable {
    /// 32 bytes, for the signature.
    package var sha256: [UInt8]?
    /// 16 bytes, for `Content-MD5`.
    package var md5: [UInt8]?
    /// CRC-32 of zlib, for `x-amz-checksum-crc32`.
    package var crc32: UInt32?

    package init(sha256: [UInt8]? = nil, md5: [UInt8]? = nil, crc32: UInt32? = nil) {
        self.sha256 = sha256
        self.md5 = md5
        self.crc32 = crc32
    }

    /// Which of them are meant.
    package struct Kinds: OptionSet, Sendable, Hashable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        package static let sha256 = Kinds(rawValue: 1)
        package static let md5 = Kinds(rawValue: 2)
        package static let crc32 = Kinds(rawValue: 4)
    }

    /// Those that are known.
    package var known: Kinds {
        var kinds: Kinds = []
        if sha256 != nil { kinds.insert(.sha256) }
        if md5 != nil { kinds.insert(.md5) }
        if crc32 != nil { kinds.insert(.crc32) }
        return kinds
    }

    /// Adds those of another that are not known here.
    package func merging(_ other: PayloadDigests) -> PayloadDigests {
        PayloadDigests(sha256: sha256 ?? other.sha256, md5: md5 ?? other.md5, crc32: crc32 ?? other.crc32)
    }

    /// Of bytes in memory.
    package static func of(_ bytes: [UInt8], _ kinds: Kinds) -> PayloadDigests {
        let pass = PayloadPass(kinds)
        var crc = CRC32()
        bytes.withUnsafeBytes { pass.update($0, &crc) }
        return pass.finish(crc)
    }

    /// Of a part of a file, in one pass; blocks.
    ///
    /// - Throws: `SystemError`; ``HTTPError`` if the file is shorter.
    package static func of(_ file: OpenFile, _ range: Range<UInt64>, _ kinds: Kinds) throws -> PayloadDigests {
        let pass = PayloadPass(kinds)
        var crc = CRC32()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 18, alignment: 64)
        defer { buffer.deallocate() }
        var offset = range.lowerBound
        while offset < range.upperBound {
            let wanted = UnsafeMutableRawBufferPointer(
                rebasing: buffer[..<Int(min(UInt64(buffer.count), range.upperBound - offset))])
            guard try file.read(into: wanted, at: Int64(offset)) == wanted.count else {
                throw HTTPError(.unreadableBody, "\(file.path) ends before byte \(range.upperBound)")
            }
            pass.update(UnsafeRawBufferPointer(wanted), &crc)
            offset += UInt64(wanted.count)
        }
        return pass.finish(crc)
    }
}

/// One pass over a payload.
private struct PayloadPass: ~Copyable {
    private let kinds: PayloadDigests.Kinds
    private let sha256 = Digest(.sha256)
    private let md5 = Digest(.md5)

    init(_ kinds: PayloadDigests.Kinds) { self.kinds = kinds }

    func update(_ bytes: UnsafeRawBufferPointer, _ crc: inout CRC32) {
        if kinds.contains(.sha256) { sha256.update(bytes) }
        if kinds.contains(.md5) { md5.update(bytes) }
        if kinds.contains(.crc32) { crc.update(bytes) }
    }

    consuming func finish(_ crc: CRC32) -> PayloadDigests {
        let kinds = kinds
        return PayloadDigests(
            sha256: kinds.contains(.sha256) ? sha256.finish() : nil, md5: kinds.contains(.md5) ? md5.finish() : nil,
            crc32: kinds.contains(.crc32) ? crc.value : nil)
    }
}
