import DESBase
import DESConfiguration

/// What a command line calls a place in S3: `s3://bucket` or `s3://bucket/prefix`. Everything else about the service comes from
/// the standard `AWS_*` variables and files.
struct S3Place {
    let bucket: String
    /// Without slashes at its ends; may be empty.
    let prefix: String

    /// Nil if it is not that.
    init?(_ text: String) {
        guard text.hasBytePrefix(URLScheme.s3) else { return nil }
        let slash = UInt8(ascii: "/")
        let rest = text.utf8.dropFirst(URLScheme.s3.utf8.count)
        let bucket = rest.prefix { $0 != slash }
        guard !bucket.isEmpty else { return nil }
        self.bucket = String(Substring(bucket))
        var prefix = rest[bucket.endIndex...].drop { $0 == slash }
        while prefix.last == slash { prefix.removeLast() }
        self.prefix = String(Substring(prefix))
    }

    /// As a configuration would say it.
    var configuration: S3StorageConfiguration { S3StorageConfiguration(bucket: bucket, prefix: prefix) }
}
