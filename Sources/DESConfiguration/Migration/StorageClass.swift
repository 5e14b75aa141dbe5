import DESBase

/// Storage classes by their names: those of Amazon (the parameter `x-amz-storage-class` in its API Reference); other services have
/// some of their own.
enum StorageClass {
    private static let readable = [
        "STANDARD", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "REDUCED_REDUNDANCY",
        "EXPRESS_ONEZONE", "OUTPOSTS", "SNOW",
    ]
    /// Objects of these have to be restored, which takes minutes to days, before they can be read.
    private static let archives = ["GLACIER", "DEEP_ARCHIVE"]

    /// Reads a storage class, which is any text; refuses one whose objects cannot be read at once, and warns of a name that is
    /// perhaps misspelt.
    static func read(_ section: ConfigurationSection, _ key: String) -> String? {
        guard let name = section.string(key, expected: "a storage class") else { return nil }
        if archives.contains(where: { $0.isByteEqual(to: name.uppercased()) }) {
            section.report(
                key,
                "files in \(name) cannot be read before somebody restores the shard; expected a class that is read at once, for example GLACIER_IR or STANDARD_IA"
            )
        } else if !readable.contains(where: { $0.isByteEqual(to: name) }) {
            let nearest = KeySuggestions.nearest(to: name, in: readable + archives).map { "; did you mean \($0)?" }
            section.warn(key, "\(name) is no storage class of Amazon S3\(nearest ?? "; the service must know it")")
        }
        return name
    }
}
