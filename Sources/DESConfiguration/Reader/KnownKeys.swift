/// The keys each section knows, gathered while the configuration is read.
struct KnownKeys {
    /// Keys in the order they were asked for, by the section's path with indexes removed.
    private var keys: [String: [String]] = [:]
    private var sections: [String] = []

    /// Notes that the section at `path` knows `key`.
    mutating func note(_ key: String, in path: String) {
        let section = DottedPath.pattern(path)
        if keys[section] == nil {
            sections.append(section)
        }
        if keys[section]?.contains(key) != true {
            keys[section, default: []].append(key)
        }
    }

    /// Whether the section at `path` knows `key`.
    func contains(_ key: String, in path: String) -> Bool {
        keys[DottedPath.pattern(path)]?.contains(key) == true
    }

    /// What to say about a key that the section at `path` does not know.
    func explanation(ofUnknown key: String, in path: String) -> String {
        let section = DottedPath.pattern(path)
        let here = keys[section] ?? []
        if let nearest = KeySuggestions.nearest(to: key, in: here) {
            return "unknown key; did you mean \(nearest)?"
        }
        let elsewhere = sections.filter { $0 != section && keys[$0]?.contains(key) == true }
        if !elsewhere.isEmpty {
            let paths = elsewhere.map { DottedPath.join($0, key) }.joined(separator: " or ")
            return "unknown key here; did you mean \(paths)?"
        }
        let place = section.isEmpty ? "at the top level" : "in \(section)"
        return here.isEmpty ? "unknown key" : "unknown key; known \(place): \(here.joined(separator: ", "))"
    }
}
