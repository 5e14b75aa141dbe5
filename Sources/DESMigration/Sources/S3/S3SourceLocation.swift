import DESBase
import DESS3

/// Reads locations of the form `s3://bucket/key`.
///
/// Byte by byte: a `/` that a combining character follows is no `/` for a `Character`, but it is one for S3.
enum S3SourceLocation {
    /// Whether a location names an object in S3, well-formed or not.
    static func isOne(_ location: String) -> Bool {
        let scheme = URLScheme.s3.utf8
        return location.utf8.count >= scheme.count
            && zip(location.utf8, scheme).allSatisfy { byte, wanted in
                byte == wanted || wanted == UInt8(ascii: "s") && byte == UInt8(ascii: "S")
            }
    }

    /// Bucket and key; the key is all behind the bucket's slash, and nothing in it is decoded.
    ///
    /// - Throws: `SourceError` with the reason `invalidRow`.
    static func parse(_ location: String) throws(SourceError) -> S3Location {
        guard isOne(location), let parts = parts(location), !parts.bucket.isEmpty, !parts.rest.isEmpty else {
            throw SourceError(.invalidRow, "the location \(location) is not of the form s3://bucket/key")
        }
        // Some services know one bucket under several spellings (`tenant:bucket`): then nobody could tell whose objects are meant.
        guard parts.bucket.utf8.allSatisfy(isBucketByte) else {
            throw SourceError(.invalidRow, "the location \(location) names no bucket: \(parts.bucket)")
        }
        return S3Location(bucket: parts.bucket, key: parts.rest)
    }

    private static func isBucketByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// What stands before and behind the slash after the bucket; the whole is the bucket if there is none.
    static func parts(_ location: String) -> (bucket: String, rest: String)? {
        guard isOne(location) else { return nil }
        let path = location.utf8.dropFirst(URLScheme.s3.utf8.count)
        let bucket = path.prefix { $0 != UInt8(ascii: "/") }
        let rest = path.dropFirst(bucket.count).dropFirst()
        return (String(decoding: bucket, as: UTF8.self), String(decoding: rest, as: UTF8.self))
    }
}
