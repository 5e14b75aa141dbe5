package import DESBase
import Glibc

/// Deleting acts on what was checked: the file is moved to a name of our own in its own folder, checked again through an open
/// descriptor, and only then removed; if it is another file by now, it is put back. A process that dies in between leaves it
/// under that name, and the next start puts it back.
extension LocalSourceFiles {
    private static let suffix = ".des-deleting"
    private static let longestName = 255

    package func delete(_ location: String, ifStill identity: FileIdentity) -> SourceDeletion {
        delete([PackedSource(location: location, identity: identity)]).first ?? .kept("nobody deleted it")
    }

    package func delete(_ sources: [PackedSource]) -> [SourceDeletion] {
        var opened: OpenedFolder?
        return sources.map { source in
            do throws(SourceError) {
                let place = try place(of: source.location)
                do throws(SystemError) {
                    let folder = try folder(place.folder, &opened)
                    return try delete(place.name, in: folder, source)
                } catch {
                    let isGone = error.code == ENOENT || error.code == ENOTDIR
                    return isGone ? .alreadyGone : .kept("\(error)")
                }
            } catch { return .kept(error.message) }
        }
    }

    package func undoInterruptedDeletion(of location: String) {
        guard let place = try? place(of: location), let folder = try? FolderHandle(place.folder) else { return }
        let moved = Self.ownName(for: place.name)
        guard let status = try? folder.status(of: moved), status.kind == .regular else { return }
        // What has its name meanwhile stays; then both are there for whoever looks.
        try? folder.renameOwn(moved, to: place.name)
    }

    /// A folder of sources, with what is known of it.
    private struct OpenedFolder {
        let path: String
        let handle: FolderHandle
        /// Its path with every link resolved.
        let real: String
        let chain: [NodeID]
        let isInRoots: Bool
    }

    /// Sources of one folder mostly come together.
    private func folder(_ path: String, _ opened: inout OpenedFolder?) throws(SystemError) -> OpenedFolder {
        if let opened, opened.path.isByteEqual(to: path) { return opened }
        let handle = try FolderHandle(path)
        let real = try handle.resolvedPath()
        let folder = OpenedFolder(
            path: path, handle: handle, real: real, chain: try handle.chain(),
            isInRoots: isInRoots(real.hasByteSuffix("/") ? real : real + "/"))
        opened = folder
        return folder
    }

    private func place(of location: String) throws(SourceError) -> (folder: String, name: String) {
        let path = try path(of: location)
        let name = path.utf8.reversed().prefix { $0 != UInt8(ascii: "/") }.reversed()
        guard !name.isEmpty, !name.elementsEqual(".".utf8), !name.elementsEqual("..".utf8) else {
            throw SourceError(.notRegular, "\(path) names a folder, not a file")
        }
        return (FileSystem.parentDirectory(of: path), String(decoding: Array(name), as: UTF8.self))
    }

    private func delete(
        _ name: String, in folder: OpenedFolder, _ source: PackedSource
    ) throws(SystemError) -> SourceDeletion {
        guard let status = try folder.handle.status(of: name) else { return .alreadyGone }
        if let reason = reasonToKeep(status, source.identity) { return .kept(reason) }
        guard folder.isInRoots else { return .kept("it is outside of source_roots") }
        guard protection.allows(name, status.identity.node, in: folder.real, folder.chain) else {
            return .kept(SourceProtection.message)
        }
        guard !source.identity.mayChangeUnseen else {
            return .postponed("it changed just before it was read, or a program has it open for writing")
        }
        let moved = Self.ownName(for: name)
        try folder.handle.renameNew(name, to: moved)
        let file: OpenFile
        let found: FileStatus
        do throws(SystemError) {
            file = try folder.handle.open(moved)
            found = try file.status()
        } catch { return putBack(moved, name, folder, .kept("it cannot be checked: \(error)")) }
        guard found.kind == .regular, found.identity.isSameFile(as: status.identity) else {
            return putBack(moved, name, folder, .kept("it was replaced while it was about to be deleted"))
        }
        guard watch?.mayBeRemoved(file) == true else {
            return putBack(moved, name, folder, .postponed("a program has it open for writing"))
        }
        // Until the file is closed nobody opens it for writing; what was written before shows in its times.
        guard let last = try? file.status(), last.identity.isSameFile(as: source.identity) else {
            return putBack(moved, name, folder, .kept("it has changed since it was packed"))
        }
        do throws(SystemError) { try folder.handle.remove(moved) } catch {
            return putBack(moved, name, folder, .kept("\(error)"))
        }
        if last.links > 1, let rest = try? file.status() { ownChanges.note(source.identity, now: rest.identity) }
        return .deleted
    }

    /// Nil if it is the file that was packed.
    private func reasonToKeep(_ status: FileStatus, _ packed: FileIdentity) -> String? {
        guard status.kind == .regular else { return "it is a \(status.kind.rawValue), not the file itself" }
        guard status.identity != packed, !ownChanges.explain(status.identity, from: packed) else { return nil }
        return "it has changed since it was packed"
    }

    private func putBack(
        _ moved: String, _ name: String, _ folder: OpenedFolder, _ deletion: SourceDeletion
    ) -> SourceDeletion {
        do throws(SystemError) {
            try folder.handle.renameOwn(moved, to: name)
            return deletion
        } catch {
            return .kept("it lies in \(folder.path)/\(moved) now, and could not be put back: \(error)")
        }
    }

    /// The name under which a file waits for its end; the same for every process, so that the next one finds it.
    static func ownName(for name: String) -> String {
        let own = ".\(name)\(suffix)"
        guard own.utf8.count > longestName else { return own }
        // FNV-1a, 64 bits.
        let hash = name.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return ".\(String(hash, radix: 16))\(suffix)"
    }
}
