import DESBase

/// Where shards are, as people write it: the path of a folder, or `s3://bucket` or `s3://bucket/prefix`.
package enum Place: Sendable {
    case folder(String)
    /// The prefix has no slashes at its ends, and may be empty.
    case s3(bucket: String, prefix: String)

    /// Nil if it begins with `s3://` and names no bucket.
    package init?(_ text: String) {
        guard text.hasBytePrefix(URLScheme.s3) else {
            self = .folder(text)
            return
        }
        let slash = UInt8(ascii: "/")
        let rest = text.utf8.dropFirst(URLScheme.s3.utf8.count)
        let bucket = rest.prefix { $0 != slash }
        guard !bucket.isEmpty else { return nil }
        var prefix = rest[bucket.endIndex...].drop { $0 == slash }
        while prefix.last == slash { prefix.removeLast() }
        self = .s3(bucket: String(Substring(bucket)), prefix: String(Substring(prefix)))
    }
}
