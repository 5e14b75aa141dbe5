import DESConfiguration
import Foundation

/// What a command line calls a place in S3: `s3://bucket` or `s3://bucket/prefix`. Everything else about the service comes from
/// the standard `AWS_*` variables and files.
struct S3Place {
    let bucket: String
    /// Without slashes at its ends; may be empty.
    let prefix: String

    /// Nil if it is not that.
    init?(_ text: String) {
        guard text.hasPrefix("s3://") else { return nil }
        let parts = text.dropFirst(5).split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let bucket = parts.first, !bucket.isEmpty else { return nil }
        self.bucket = String(bucket)
        var prefix = parts.count > 1 ? parts[1] : ""
        while prefix.hasSuffix("/") { prefix.removeLast() }
        while prefix.hasPrefix("/") { prefix.removeFirst() }
        self.prefix = String(prefix)
    }

    /// As a configuration would say it.
    var configuration: S3StorageConfiguration { S3StorageConfiguration(bucket: bucket, prefix: prefix) }
}
