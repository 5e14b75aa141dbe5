import DESBase
import DESS3
import DESShard

/// Where a store keeps shards and big files in S3: nothing of it is ever deleted as a source, whatever a row says.
///
/// Everything below a prefix belongs to the store, and whatever has the names that a store gives is kept wherever it lies, since a
/// bucket can have many names (aliases, access points): objects that are named like a shard (`<YYYYMMDD>_<HEX>_<suffix>.des`) or
/// by a SHA-256. A store without a prefix shares its bucket with whatever else is in it, maybe with the sources; there those below
/// the prefix of big files are kept besides. Endpoints are not compared: a
/// bucket of the same name at another service is treated as the store's, since a service can have many names.
package struct S3KeptFolder: Sendable, Hashable {
    package let folder: S3Folder
    /// What the keys of big files begin with below the folder.
    package let bigFilesPrefix: String

    /// - Parameters:
    ///   - prefix: of the store, with or without a `/` at its end; empty: the bucket.
    ///   - bigFilesPrefix: `packer.bigfiles_prefix`.
    package init(bucket: String, prefix: String, bigFilesPrefix: String = StoreDefaults.bigFilesFolder) {
        folder = S3Folder(bucket: bucket, prefix: String(decoding: prefix.utf8.drop { $0 == 47 }, as: UTF8.self))
        self.bigFilesPrefix = bigFilesPrefix
    }

    /// Whether an object may belong to the store; in doubt it does.
    func mayHold(_ location: S3Location) -> Bool {
        let name = location.key.utf8.split(separator: UInt8(ascii: "/")).last
        if let name, SourceProtection.isNameOfStore(String(decoding: name, as: UTF8.self)) { return true }
        // The alias of an access point can be any bucket.
        let location =
            location.bucket.hasByteSuffix("-s3alias") ? S3Location(bucket: folder.bucket, key: location.key) : location
        guard folder.mayContain(location) else { return false }
        guard folder.prefix.isEmpty else { return true }
        return S3Folder(bucket: folder.bucket, prefix: bigFilesPrefix).mayContain(location)
    }
}
