import DESBase
import Glibc

/// A copy on its way to its final name, under a name that no other maker has, and locked by its maker as long as that lives: one
/// that can be locked is nobody's any more. All calls block.
struct PartialCopy {
    private static let suffix = ".partial"

    private let path: String
    private let file: OpenFile

    /// Begins a copy beside its destination.
    ///
    /// - Parameter maker: differs between any two copies.
    init(beside destination: String, maker: UInt64) throws(SystemError) {
        let folder = FileSystem.parentDirectory(of: destination)
        let name = String(decoding: destination.utf8.dropFirst(folder.utf8.count + 1), as: UTF8.self)
        path = "\(folder)/.\(name).\(String(maker, radix: 36))\(Self.suffix)"
        file = try OpenFile(path, .createNew)
        _ = try? file.tryLock()
    }

    /// Whether a name is that of a copy that is not finished.
    static func isOne(_ name: String) -> Bool { name.hasBytePrefix(".") && name.hasByteSuffix(suffix) }

    /// Copies, makes it durable, reads it again, and gives it its final name, which must be free. On any error the copy is removed.
    ///
    /// - Returns: false if the copy is not what was read.
    /// - Throws: `SystemError`, with `EEXIST` if the name is taken.
    func publish(_ source: String, as destination: String) throws(SystemError) -> Bool {
        do throws(SystemError) {
            guard try FileContent.copy(source, to: file) else {
                try FileSystem.remove(path)
                return false
            }
            try check(path)
            try FileSystem.renameNew(path, to: destination)
            // What got the name is what was read again.
            try check(destination)
            return true
        } catch {
            try? FileSystem.remove(path)
            throw error
        }
    }

    private func check(_ name: String) throws(SystemError) {
        let copied = try file.status()
        let found = try FileSystem.status(name, followingLinks: false)
        guard let found, found.identity.node == copied.identity.node, found.size == copied.size else {
            throw SystemError(code: ESTALE, operation: "confirm, it is not what was copied:", subject: name)
        }
    }

    /// Removes the copies in a folder whose makers are gone; nothing there is fine.
    ///
    /// - Returns: how many.
    static func removeAbandoned(in folder: String) throws(SystemError) -> Int {
        guard try FileSystem.status(folder)?.kind == .directory else { return 0 }
        var count = 0
        for name in try FileSystem.names(in: folder) where isOne(name) {
            let path = "\(folder)/\(name)"
            // On doubt it stays; `des reconcile` names it.
            guard let status = try FileSystem.status(path, followingLinks: false), status.kind == .regular,
                let file = try? OpenFile(path), (try? file.tryLock()) == true,
                try file.status().identity.node == status.identity.node
            else { continue }
            try FileSystem.remove(path)
            file.unlock()
            count += 1
        }
        return count
    }

    /// The copies in a folder, with the time of their last change in seconds since 1970.
    static func all(in folder: String) throws(SystemError) -> [(path: String, modifiedAt: Int64)] {
        guard try FileSystem.status(folder)?.kind == .directory else { return [] }
        var copies: [(path: String, modifiedAt: Int64)] = []
        for name in try FileSystem.names(in: folder) where isOne(name) {
            guard let status = try FileSystem.status("\(folder)/\(name)", followingLinks: false) else { continue }
            copies.append(("\(folder)/\(name)", status.identity.modifiedAtNanoseconds / 1_000_000_000))
        }
        return copies
    }
}
