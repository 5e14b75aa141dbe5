import DESBase
import DESShard

/// The names of an archive's members, such that it can be unpacked whole on common file systems: none twice, none too long, and none
/// that is a file as well as a folder of another one.
///
/// What cannot be a name is named as `des extract` does: `/` as `%2F` where a folder cannot be, and the beginning, a `~` and the
/// SHA-256 of what is too long.
struct ArchiveNames {
    /// A file or a folder, and what is in it.
    private struct Node {
        /// Positions of nodes, by name.
        var children: [ByteString: Int] = [:]
        var isFile = false
    }

    /// Longest path, in bytes: 4,096 is the most that Linux takes, and it is unpacked into some folder.
    private static let longestPath = 3072
    /// Deeper paths are written as one name, so that the memory for names is bounded.
    private static let deepestPath = 128

    /// The first one is the folder that the archive is unpacked in.
    private var nodes = [Node()]

    /// - Parameter reserved: names that no member gets.
    init(reserved: [String]) {
        for name in reserved { insert([ByteString(name)]) }
    }

    /// Gives a uid a name that is still free.
    ///
    /// - Parameter index: its place in the request, by which equal uids are told apart.
    mutating func name(uid: String, index: Int) -> String {
        var path = Self.path(uid)
        if path.count > Self.deepestPath || path.reduce(0, { $0 + $1.text.utf8.count + 1 }) > Self.longestPath
            || isBelowFile(path)
        {
            path = Self.path(uid, isFlat: true)
        }
        if position(of: path) != nil, let last = path.popLast() {
            var name = "\(last.text)@\(index)"
            while position(of: path + [ByteString(name)]) != nil { name += "_" }
            path.append(ByteString(name))
        }
        insert(path)
        return path.map(\.text).joined(separator: "/")
    }

    private func isBelowFile(_ path: [ByteString]) -> Bool {
        var node = 0
        for name in path.dropLast() {
            guard let next = nodes[node].children[name] else { return false }
            if nodes[next].isFile { return true }
            node = next
        }
        return false
    }

    private func position(of path: [ByteString]) -> Int? {
        var node = 0
        for name in path {
            guard let next = nodes[node].children[name] else { return nil }
            node = next
        }
        return node
    }

    private mutating func insert(_ path: [ByteString]) {
        var node = 0
        for name in path {
            if let next = nodes[node].children[name] {
                node = next
            } else {
                nodes.append(Node())
                nodes[node].children[name] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        nodes[node].isFile = true
    }

    /// The uid as a path that stays inside the folder it is unpacked in: `%`, control characters, backslashes, `.` and
    /// `..` as a component, and slashes that stand at the beginning, at the end or behind another are percent-encoded.
    ///
    /// - Parameter isFlat: whether all slashes are.
    private static func path(_ uid: String, isFlat: Bool = false) -> [ByteString] {
        var path: [ByteString] = []
        var component = ""
        func end() {
            let isDots = component == "." || component == ".."
            path.append(
                ByteString(
                    ShortenedName.fitting(
                        isDots ? component.replacing(".", with: "%2E") : component, of: isFlat ? uid : component)))
            component = ""
        }
        for scalar in uid.unicodeScalars {
            switch scalar {
            case "/":
                if component.isEmpty || isFlat { component += "%2F" } else { end() }
            case "%", "\\", "\u{0}"..."\u{1F}", "\u{7F}": component += PercentCoding.encode(String(scalar))
            default: component.unicodeScalars.append(scalar)
            }
        }
        if component.isEmpty, let last = path.popLast() { component = last.text + "%2F" }
        if component.isEmpty { component = "_" }
        end()
        return path
    }
}
