import DESBase

/// Lists files below a directory by key, without what begins with a dot. All calls block.
struct DirectoryLister: Sendable {
    let root: String

    func list(prefix: String, after: String?, limit: Int) throws(SystemError) -> ObjectPage {
        let slash = prefix.utf8.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { String(decoding: prefix.utf8[..<$0], as: UTF8.self) } ?? ""
        var keys: [String] = []
        try collect(folder: folder, prefix: prefix, after: after, into: &keys)
        keys.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return try page(of: keys[...], limit: limit)
    }

    /// The regular files among the first of the keys, which are sorted, behind the key `after`.
    func page(of keys: ArraySlice<String>, after: String? = nil, limit: Int) throws(SystemError) -> ObjectPage {
        var keys = keys
        if let after { keys = keys.drop { !after.utf8.lexicographicallyPrecedes($0.utf8) } }
        let page = keys.prefix(max(1, limit))
        var objects: [ObjectAttributes] = []
        objects.reserveCapacity(page.count)
        for key in page {
            guard let status = try FileSystem.status("\(root)/\(key)"), status.kind == .regular else { continue }
            objects.append(ObjectAttributes(key: key, status))
        }
        return ObjectPage(objects: objects, next: page.count < keys.count ? page.last : nil)
    }

    private func collect(
        folder: String, prefix: String, after: String?, into keys: inout [String]
    ) throws(SystemError) {
        let directory = folder.isEmpty ? root : "\(root)/\(folder)"
        guard let status = try FileSystem.status(directory), status.kind == .directory else { return }
        for name in try FileSystem.names(in: directory) where !name.hasBytePrefix(".") {
            let key = folder.isEmpty ? name : "\(folder)/\(name)"
            guard key.hasBytePrefix(prefix) || prefix.hasBytePrefix(key + "/") else { continue }
            // A folder is looked into if the prefix leads there; a link to one could lead in circles.
            if try FileSystem.status("\(root)/\(key)", followingLinks: false)?.kind == .directory {
                if key.hasBytePrefix(prefix) || prefix.hasBytePrefix(key + "/") {
                    try collect(folder: key, prefix: prefix, after: after, into: &keys)
                }
                continue
            }
            guard key.hasBytePrefix(prefix) else { continue }
            if let after, !after.utf8.lexicographicallyPrecedes(key.utf8) { continue }
            keys.append(key)
        }
    }
}
