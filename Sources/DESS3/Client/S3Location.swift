import DESBase

/// An object's place: a bucket and a key, which may be any text.
package struct S3Location: Sendable, Hashable, CustomStringConvertible {
    package let bucket: String
    package let key: String

    package init(bucket: String, key: String) {
        self.bucket = bucket
        self.key = key
    }

    /// `s3://bucket/key`; the key is all behind the bucket's slash, and nothing in it is decoded. Nil if it is not that.
    package init?(_ text: String) {
        guard text.hasBytePrefix(URLScheme.s3) else { return nil }
        // By bytes: a combining mark behind the slash would make one character with it.
        let parts = text.utf8.dropFirst(URLScheme.s3.utf8.count).split(
            separator: UInt8(ascii: "/"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
        self.init(bucket: String(decoding: parts[0], as: UTF8.self), key: String(decoding: parts[1], as: UTF8.self))
    }

    /// By their bytes: keys that look alike are different objects.
    package static func == (left: Self, right: Self) -> Bool {
        left.bucket.isByteEqual(to: right.bucket) && left.key.isByteEqual(to: right.key)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(ByteString(bucket))
        hasher.combine(ByteString(key))
    }

    package var description: String { "\(URLScheme.s3)\(bucket)/\(key)" }
}
