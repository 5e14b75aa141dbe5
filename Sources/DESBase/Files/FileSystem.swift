import CLinux
import Glibc

/// The file system calls DES uses, with errors that name the path. All block.
package enum FileSystem {
    /// Status of what the path leads to; nil if there is nothing.
    package static func status(_ path: String, followingLinks: Bool = true) throws(SystemError) -> FileStatus? {
        var raw = stat()
        let result = followingLinks ? stat(path, &raw) : lstat(path, &raw)
        if result == 0 { return FileStatus(raw) }
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw SystemError.last("stat", path)
    }

    /// Status of what the path leads to, which must be there.
    package static func existingStatus(_ path: String) throws(SystemError) -> FileStatus {
        var raw = stat()
        guard stat(path, &raw) == 0 else { throw SystemError.last("read", path) }
        return FileStatus(raw)
    }

    /// The number of the file system on which what the path leads to lies.
    package static func device(of path: String) throws(SystemError) -> UInt64 {
        try existingStatus(path).identity.device
    }

    /// Creates the folder, durably, in one that is there; an existing one is fine.
    ///
    /// Never more than the last folder of the path: where those above it are missing, a disk may not be mounted.
    package static func createFolder(_ path: String) throws(SystemError) {
        if mkdir(path, 0o755) == 0 { return try synchronizeDirectory(parentDirectory(of: path)) }
        guard errno == EEXIST else { throw SystemError.last("create folder", path) }
        guard let status = try status(path), status.kind != .directory else { return }
        throw SystemError(code: ENOTDIR, operation: "create folder", subject: path)
    }

    /// Creates the folder and those above it, durably; an existing one is fine.
    package static func createDirectory(_ path: String) throws(SystemError) {
        do throws(SystemError) { try createFolder(path) } catch {
            let parent = parentDirectory(of: path)
            guard error.code == ENOENT, !parent.isByteEqual(to: path), try status(parent) == nil else { throw error }
            try createDirectory(parent)
            try createFolder(path)
        }
    }

    /// Gives the file a second name, refusing to replace one that exists.
    package static func link(_ existing: String, to new: String) throws(SystemError) {
        guard Glibc.link(existing, new) == 0 else { throw SystemError.last("link \(existing) to", new) }
    }

    /// Renames, refusing to replace what exists.
    package static func renameNew(_ old: String, to new: String) throws(SystemError) {
        if des_rename_noreplace(old, new) == 0 { return }
        guard errno == EINVAL || errno == ENOSYS else { throw SystemError.last("rename \(old) to", new) }
        // A file system without that flag: a link refuses to replace as well.
        try link(old, to: new)
        try remove(old)
    }

    /// Removes the name; nothing there is fine.
    package static func remove(_ path: String) throws(SystemError) {
        if unlink(path) != 0 && errno != ENOENT { throw SystemError.last("remove", path) }
    }

    /// Returns once the names in the folder are on the device.
    package static func synchronizeDirectory(_ path: String) throws(SystemError) {
        try OpenFile(path).synchronize()
    }

    /// The names in the folder without `.` and `..`, sorted by their bytes.
    package static func names(in path: String) throws(SystemError) -> [String] {
        guard let stream = opendir(path) else { throw SystemError.last("list", path) }
        defer { closedir(stream) }
        return try names(of: stream, path)
    }

    /// The same of a folder that is open.
    static func names(of stream: OpaquePointer, _ path: String) throws(SystemError) -> [String] {
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
                tuple.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw SystemError.last("list", path) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// The path with every link resolved; what it names must exist.
    package static func realPath(_ path: String) throws(SystemError) -> String {
        guard let resolved = realpath(path, nil) else { throw SystemError.last("resolve", path) }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    package static func linkTarget(_ path: String) throws(SystemError) -> String {
        let capacity = Int(PATH_MAX)
        let target: String? = withUnsafeTemporaryAllocation(byteCount: capacity, alignment: 1) { buffer in
            guard let base = buffer.baseAddress else { return nil }
            let count = readlink(path, base.assumingMemoryBound(to: CChar.self), capacity)
            return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
        }
        guard let target else { throw SystemError.last("read link", path) }
        return target
    }

    package static func parentDirectory(of path: String) -> String {
        // By bytes, and without the slashes at the end.
        var bytes = path.utf8[...]
        while bytes.count > 1, bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        bytes = bytes[..<slash]
        while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        return bytes.isEmpty ? "/" : String(decoding: bytes, as: UTF8.self)
    }
}
