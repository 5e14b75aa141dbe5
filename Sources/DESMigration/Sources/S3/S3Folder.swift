import DESBase
import DESS3

/// All objects of a bucket whose keys begin with a prefix that ends at a `/`.
package struct S3Folder: Sendable, Hashable {
    package let bucket: String
    /// Empty, or with a `/` at its end.
    package let prefix: String

    /// - Parameter prefix: taken literally, but for a `/` that is added at its end.
    package init(bucket: String, prefix: String = "") {
        self.bucket = bucket
        self.prefix = prefix.isEmpty || prefix.utf8.last == UInt8(ascii: "/") ? prefix : prefix + "/"
    }

    /// `s3://bucket`, `s3://bucket/prefix` or `s3://bucket/prefix/`; nil if it is not that.
    package init?(_ text: String) {
        guard let parts = S3SourceLocation.parts(text), !parts.bucket.isEmpty else { return nil }
        self.init(bucket: parts.bucket, prefix: parts.rest)
    }

    /// Whether an object certainly lies in it.
    ///
    /// To S3 a key is a name and `in/../secret` lies in `in/`; services that keep objects as files may see it otherwise.
    /// So both readings have to agree.
    func contains(_ location: S3Location) -> Bool {
        bucket.isByteEqual(to: location.bucket) && holdsLiterally(location.key) && holdsResolved(location.key)
    }

    /// Whether an object may lie in it: by either reading of the key, and in whatever case the bucket is written, since a
    /// bucket may be part of a host name.
    func mayContain(_ location: S3Location) -> Bool {
        bucket.lowercased().isByteEqual(to: location.bucket.lowercased())
            && (holdsLiterally(location.key) || holdsResolved(location.key))
    }

    private func holdsLiterally(_ key: String) -> Bool { key.hasBytePrefix(prefix) }

    private func holdsResolved(_ key: String) -> Bool {
        let folder = Self.resolved(prefix)
        let path = Self.resolved(key)
        return path.starts(with: folder) && path.count > folder.count
    }

    /// The parts of a key as of a path: without empty ones and `.`, and with `..` carried out.
    static func resolved(_ key: String) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        for part in key.utf8.split(separator: UInt8(ascii: "/")) where !part.elementsEqual(".".utf8) {
            if part.elementsEqual("..".utf8) { _ = parts.popLast() } else { parts.append(Array(part)) }
        }
        return parts
    }
}
