import DESBase
import Glibc

/// What a source shares with others that can be read, or cannot, together with it: its bucket, or its folder.
struct SourcePlace: Sendable, Hashable {
    /// What the locations of one place begin with: `s3://bucket/`, or all up to the last slash; empty if there is none.
    let prefix: ByteString

    init(of location: String) { self = Self.andAbove(location)[0] }

    private init(prefix: ByteString) { self.prefix = prefix }

    /// The place of a location, and the folders above it that may stand for it: a folder may have been made for one file. None
    /// is so high that many disks may lie below it.
    static func andAbove(_ location: String) -> [SourcePlace] {
        var location = location
        return location.withUTF8 { bytes in
            lengths(bytes).map { length in
                let prefix = String(decoding: bytes.prefix(length), as: UTF8.self)
                // A bucket without a key has no slash behind it.
                return SourcePlace(prefix: ByteString(length > bytes.count ? prefix + "/" : prefix))
            }
        }
    }

    /// How many bytes of a location those places are, the place itself first; at least one, at most four.
    static func lengths(_ bytes: UnsafeBufferPointer<UInt8>) -> [Int] {
        if isObject(bytes) { return [(slash(in: bytes, from: 5) ?? bytes.count) + 1] }
        var end = bytes.count
        while end > 1, bytes[end - 1] == separator { end -= 1 }
        guard let last = lastSlash(in: bytes, before: end) else { return [0] }
        var lengths = [last + 1]
        guard bytes[0] == separator, let lowest = lengthOfTwoNames(bytes) else { return lengths }
        while lengths.count < 4, let above = lastSlash(in: bytes, before: lengths[lengths.count - 1] - 1),
            above + 1 >= lowest
        {
            lengths.append(above + 1)
        }
        return lengths
    }

    private static let separator = UInt8(ascii: "/")

    private static func isObject(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.count >= 5 && bytes[0] | 0x20 == UInt8(ascii: "s") && bytes[1] == UInt8(ascii: "3")
            && bytes[2] == UInt8(ascii: ":") && bytes[3] == separator && bytes[4] == separator
    }

    /// Of `/a/b/`; nil if there are fewer.
    private static func lengthOfTwoNames(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
        var position = 0
        for _ in 0..<2 {
            while position < bytes.count, bytes[position] == separator { position += 1 }
            guard let end = slash(in: bytes, from: position) else { return nil }
            position = end
        }
        return position + 1
    }

    private static func slash(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count,
            let found = memchr(base + start, Int32(separator), bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - UnsafeRawPointer(base)
    }

    private static func lastSlash(in bytes: UnsafeBufferPointer<UInt8>, before end: Int) -> Int? {
        var position = end
        while position > 0 {
            position -= 1
            if bytes[position] == separator { return position }
        }
        return nil
    }
}
