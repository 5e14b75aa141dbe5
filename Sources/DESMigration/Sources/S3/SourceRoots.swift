/// The entries of `source_roots`: local folders, and `s3://bucket/prefix/`.
///
/// If there is any entry, sources must lie in one of them: entries of one kind only allow no source of the other kind.
package struct SourceRoots: Sendable, Hashable {
    /// Empty: anywhere; nil: nowhere.
    package let local: [String]?
    /// Nil: anywhere.
    package let s3: [S3Folder]?

    /// - Throws: ``SourceSettingsError`` for an entry that begins with `s3://` and names no bucket, or that no source can lie in.
    package init(_ entries: [String]) throws(SourceSettingsError) {
        var (folders, local): ([S3Folder], [String]) = ([], [])
        for entry in entries {
            guard S3SourceLocation.isOne(entry) else {
                if case .unreadable(let error) = SourceAddress(entry) {
                    throw SourceSettingsError("migration.source_roots: \(error.message)")
                }
                local.append(entry)
                continue
            }
            guard let folder = S3Folder(entry) else {
                throw SourceSettingsError("migration.source_roots: \(entry) is not of the form s3://bucket/prefix/")
            }
            folders.append(folder)
        }
        self.local = local.isEmpty && !entries.isEmpty ? nil : local
        s3 = entries.isEmpty ? nil : folders
    }
}

/// A setting of the sources that cannot be used. Holds no secret.
package struct SourceSettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
