package import DESBase

/// What an answer tells of an object.
package struct S3ObjectAttributes: Sendable, Hashable {
    /// Of the whole object, in bytes.
    package var size: UInt64
    /// Without quotes; MD5 of the content for some objects, but for many it is not.
    package var etag: String
    package var lastModified: Timestamp?
    package var versionID: String?
    /// `x-amz-checksum-crc32`, if it was given and is one of the whole object.
    package var crc32: UInt32?
}

/// A part of an object, or all of it.
package struct S3Object: Sendable {
    package var attributes: S3ObjectAttributes
    /// Where the bytes begin.
    package var offset: UInt64
    package var bytes: [UInt8]
}

/// What of an object is read.
package enum S3Range: Sendable, Hashable {
    case bytes(Range<UInt64>)
    case from(UInt64)
    /// The last bytes, at most so many.
    case suffix(Int)

    var header: String {
        switch self {
        case .bytes(let range): "bytes=\(range.lowerBound)-\(range.upperBound - 1)"
        case .from(let offset): "bytes=\(offset)-"
        case .suffix(let count): "bytes=-\(count)"
        }
    }

    var isEmpty: Bool {
        switch self {
        case .bytes(let range): range.isEmpty
        case .from: false
        case .suffix(let count): count <= 0
        }
    }

    /// What of an object of that size it is.
    func resolved(in size: UInt64) -> Range<UInt64> {
        switch self {
        case .bytes(let range): range.clamped(to: 0..<size)
        case .from(let offset): min(offset, size)..<size
        case .suffix(let count): size - min(size, UInt64(max(0, count)))..<size
        }
    }
}

extension S3ObjectAttributes {
    /// - Parameter size: nil: as the headers tell.
    init?(_ response: HTTPResponse) {
        let range = response.header("content-range").flatMap { ContentRange($0) }
        guard let size = range?.size ?? (range == nil ? response.number("content-length") : nil) else { return nil }
        self.init(
            size: size, etag: (response.header("etag") ?? "").unquoted,
            lastModified: response.header("last-modified").flatMap { HTTPDate.moment($0) },
            versionID: response.header(S3HeaderName.versionID),
            crc32: response.header("x-amz-checksum-type") == "COMPOSITE"
                ? nil : response.header(S3HeaderName.checksum).flatMap { CRC32Text.decode($0) })
    }
}

extension String {
    /// An entity tag without its quotes and the mark of a weak one.
    var unquoted: String {
        var text = self[...]
        if text.hasBytePrefix("W/") { text = text.dropFirst(2) }
        if text.count >= 2, text.first == "\"", text.last == "\"" { text = text.dropFirst().dropLast() }
        return String(text)
    }
}

/// A CRC-32 as `x-amz-checksum-crc32` has it: Base64 of four bytes, the highest first.
enum CRC32Text {
    static func encode(_ value: UInt32) -> String {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }.base64
    }

    /// Nil if it is not that.
    static func decode(_ text: String) -> UInt32? {
        // A composite one has the number of parts behind.
        guard text.utf8.count == 8, text.hasByteSuffix("==") else { return nil }
        var bits: UInt64 = 0
        for byte in text.utf8.prefix(6) {
            let digit: UInt8
            switch byte {
            case 65...90: digit = byte - 65
            case 97...122: digit = byte - 71
            case 48...57: digit = byte + 4
            case 43: digit = 62
            case 47: digit = 63
            default: return nil
            }
            bits = bits << 6 | UInt64(digit)
        }
        return UInt32(truncatingIfNeeded: bits >> 4)
    }
}
