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
        guard text.hasPrefix("s3://") else { return nil }
        let rest = text.dropFirst(5)
        guard let slash = rest.firstIndex(of: "/"), slash != rest.startIndex else { return nil }
        let key = String(rest[rest.index(after: slash)...])
        guard !key.isEmpty else { return nil }
        self.init(bucket: String(rest[..<slash]), key: key)
    }

    package var description: String { "s3://\(bucket)/\(key)" }
}
