import DESBase

/// Where and how a store in S3 keeps its objects.
package struct S3StoreSettings: Sendable, Hashable {
    package var bucket: String
    /// What all keys begin with: empty, or with a `/` at its end.
    package var prefix: String
    /// Larger files are uploaded in parts; bytes.
    package var multipartThreshold: UInt64
    /// Of a part, in bytes; larger where a file would have more than 10,000 of them. At least 5 MiB, S3's own limit.
    package var partSize: UInt64
    /// Files, and parts of one file, that are uploaded at a time.
    package var parallelUploads: Int
    /// Whether what was published is read back and compared, instead of trusting the checksums that the server confirms.
    package var readsBack: Bool
    /// Storage class, encryption and the like, sent with each object.
    package var headers: [String: String]

    package init(
        bucket: String, prefix: String = "", multipartThreshold: UInt64 = 64 << 20, partSize: UInt64 = 16 << 20,
        parallelUploads: Int = 4, readsBack: Bool = false, headers: [String: String] = [:]
    ) {
        self.bucket = bucket
        self.prefix = Self.folder(prefix)
        self.multipartThreshold = multipartThreshold
        self.partSize = partSize
        self.parallelUploads = parallelUploads
        self.readsBack = readsBack
        self.headers = headers
    }

    /// A prefix with a `/` at its end and none at its beginning.
    private static func folder(_ prefix: String) -> String {
        let trimmed = prefix.drop { $0 == "/" }
        return trimmed.isEmpty || trimmed.hasByteSuffix("/") ? String(trimmed) : trimmed + "/"
    }
}
