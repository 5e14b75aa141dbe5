import CLinux
import Glibc

/// An open folder: what is done through it is done in this very folder, whatever its path leads to by now. Calls block.
package final class FolderHandle: Sendable {
    /// As it was opened; for messages.
    package let path: String
    private let descriptor: CInt

    package init(_ path: String) throws(SystemError) {
        let descriptor = des_open_folder(path)
        guard descriptor >= 0 else { throw SystemError.last("open the folder", path) }
        self.path = path
        self.descriptor = descriptor
    }

    private init(adopting descriptor: CInt, path: String) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    package func status() throws(SystemError) -> FileStatus {
        var raw = stat()
        guard fstat(descriptor, &raw) == 0 else { throw SystemError.last("stat", path) }
        return FileStatus(raw)
    }

    /// Where it really is, every link resolved.
    package func resolvedPath() throws(SystemError) -> String {
        try FileSystem.linkTarget("/proc/self/fd/\(descriptor)")
    }

    /// The folder itself and all above it, up to the root of the file system.
    package func chain() throws(SystemError) -> [NodeID] {
        var nodes = [try status().identity.node]
        var folder = self
        while true {
            let above = des_open_folder_in(folder.descriptor, "..")
            guard above >= 0 else { throw SystemError.last("open the folder above", folder.path) }
            folder = FolderHandle(adopting: above, path: "\(folder.path)/..")
            let node = try folder.status().identity.node
            // The root is its own parent.
            guard node != nodes.last else { return nodes }
            nodes.append(node)
        }
    }

    /// Status of what has the name, a link not followed; nil if there is nothing.
    package func status(of name: String) throws(SystemError) -> FileStatus? {
        var raw = stat()
        if fstatat(descriptor, name, &raw, AT_SYMLINK_NOFOLLOW) == 0 { return FileStatus(raw) }
        if errno == ENOENT { return nil }
        throw SystemError.last("stat", "\(path)/\(name)")
    }

    /// The names in it without `.` and `..`, sorted by their bytes.
    package func names() throws(SystemError) -> [String] {
        let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0 else { throw SystemError.last("list", path) }
        guard let stream = fdopendir(copy) else {
            let error = SystemError.last("list", path)
            close(copy)
            throw error
        }
        defer { closedir(stream) }
        return try FileSystem.names(of: stream, path)
    }

    /// Opens a file for reading; a link is refused, unless it is to be followed.
    package func open(_ name: String, followingLinks: Bool = false) throws(SystemError) -> OpenFile {
        let links = followingLinks ? 0 : O_NOFOLLOW
        let file = openat(descriptor, name, O_RDONLY | links | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        guard file >= 0 else { throw SystemError.last("open", "\(path)/\(name)") }
        return OpenFile(adopting: file, path: "\(path)/\(name)")
    }

    /// Gives what has a name another one in the same folder, refusing to replace what has that.
    package func renameNew(_ name: String, to newName: String) throws(SystemError) {
        if des_rename_noreplace_in(descriptor, name, newName) == 0 { return }
        if errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP {
            // A file system without that flag: looked at first.
            guard try status(of: newName) == nil else {
                throw SystemError(code: EEXIST, operation: "rename \(path)/\(name) to", subject: newName)
            }
            if renameat(descriptor, name, descriptor, newName) == 0 { return }
        }
        throw SystemError.last("rename \(path)/\(name) to", newName)
    }

    /// The same for a name that is ours alone, so that nobody else has put anything there.
    package func renameOwn(_ name: String, to newName: String) throws(SystemError) {
        if des_rename_noreplace_in(descriptor, name, newName) == 0 { return }
        if errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP {
            // A file system without that flag: a link refuses to replace as well.
            if linkat(descriptor, name, descriptor, newName, 0) == 0 { return try remove(name) }
        }
        throw SystemError.last("rename \(path)/\(name) to", newName)
    }

    /// Removes the name of a file; nothing there is fine.
    package func remove(_ name: String) throws(SystemError) {
        if unlinkat(descriptor, name, 0) != 0 && errno != ENOENT { throw SystemError.last("remove", "\(path)/\(name)") }
    }
}
