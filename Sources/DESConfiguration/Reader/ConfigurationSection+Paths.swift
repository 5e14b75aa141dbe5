extension ConfigurationSection {
    /// The path of a local file or folder; nil when `key` is absent, `null`, empty or refused, which is reported.
    package func path(_ key: String) -> String? {
        string(key, expected: "a path").flatMap { judged($0, key, WrittenPath($0).asPath) }
    }

    /// The path of a local file or folder, which cannot be empty.
    package func path(_ key: String, default fallback: String) -> String {
        let text = string(key, expected: "a path", default: fallback)
        return judged(text, key, WrittenPath(text).asPath) ?? fallback
    }

    /// The path of a folder from the root on.
    package func absolutePath(_ key: String) -> String? {
        guard let path = path(key) else { return nil }
        if path.utf8.first == UInt8(ascii: "/") { return path }
        report(key, "expected an absolute path, one that begins with /")
        return nil
    }

    /// The name of a bucket.
    package func bucket(_ key: String) -> String? {
        string(key, expected: "the name of a bucket").flatMap { judged($0, key, WrittenPath($0).asBucket) }
    }

    /// What the keys of a store begin with.
    package func keyPrefix(_ key: String) -> String? {
        string(key, expected: "the beginning of a key").flatMap { judged($0, key, WrittenPath($0).asKeyPrefix) }
    }

    /// The text, if it can be used; what is wrong with it or doubtful is reported.
    func judged(_ text: String, _ key: String, _ verdict: WrittenPath.Verdict) -> String? {
        switch verdict {
        case .plain: return text
        case .doubtful(let why):
            warn(key, why)
            return text
        case .refused(let why):
            report(key, why)
            return nil
        }
    }
}
