package import DESBase
package import DESS3

extension FileIdentity {
    /// The identity of an object in S3: equal if and only if size, ETag and version are equal.
    ///
    /// It has no times, which have whole seconds only in S3: inode and modification time hold 128 bits of the SHA-256 of ETag
    /// and version, and the device is one that no file system has.
    package init(_ attributes: S3ObjectAttributes) {
        // An ETag holds no NUL byte, so that no two pairs are the same text.
        let text = attributes.etag + (attributes.versionID.map { "\0" + $0 } ?? "")
        let digest = PayloadDigests.of(Array(text.utf8), .sha256).sha256 ?? []
        func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(
            device: .max, inode: number(digest.prefix(8)), size: Int64(clamping: attributes.size),
            modifiedAtNanoseconds: Int64(bitPattern: number(digest.dropFirst(8).prefix(8))))
    }
}
