import DESBase
import Glibc

/// Keeps a second process out of a staging folder, for as long as the object lives.
///
/// The lock belongs to the open file, so it ends with its process, however that ends: what a dead one left is no hindrance.
package final class StagingLock: Sendable {
    private let file: OpenFile

    /// - Throws: `StagingLockError` when another process works in the folder, or it cannot be used.
    package init(folder: StagingFolder) throws(StagingLockError) {
        let path = "\(folder.path)/\(StagingFolder.lockName)"
        do throws(SystemError) {
            try folder.files.createFolder(folder.path)
            try Self.checkIsOurs(folder, lock: path)
            file = try OpenFile(path, .readWrite)
            guard try file.tryLock() else {
                throw SystemError(code: EWOULDBLOCK, operation: "lock", subject: path)
            }
            let store = StagingLockText(try Self.contents(of: file))?.store
            try StagingLockText(process: getpid(), store: store).write(over: file)
            // The name too: by it the next start knows the folder, whatever else a power failure leaves of it.
            try file.synchronize()
            try FileSystem.synchronizeDirectory(folder.path)
        } catch {
            if error.code == EWOULDBLOCK {
                throw StagingLockError(
                    message: "another process\(Self.holder(path)) works in the staging folder \(folder.path); "
                        + "wait for it, or give this one its own packer.staging_dir"
                )
            }
            throw StagingLockError(message: "cannot use the staging folder \(folder.path): \(error)")
        }
    }

    deinit { file.unlock() }

    /// A folder that has files but no lock of ours was made for something else, for example for published shards; and a
    /// link or another file in the lock's place is not ours to write to.
    private static func checkIsOurs(_ folder: StagingFolder, lock: String) throws(SystemError) {
        var status = try FileSystem.status(lock, followingLinks: false)
        // Without its lock, but with nothing that we did not make, it is ours all the same.
        if status == nil, try !StagingFolder.isStaging(FileSystem.names(in: folder.path)) {
            // What lies there may be what another process has made since.
            status = try FileSystem.status(lock, followingLinks: false)
            guard status != nil else {
                throw SystemError(
                    code: ENOTEMPTY, operation: "use a folder with other files, name one of its own as",
                    subject: "packer.staging_dir"
                )
            }
        }
        guard let status else { return }
        guard status.kind == .regular, status.size <= StagingLockText.longest, StagingLockText(contents(lock)) != nil
        else {
            throw SystemError(code: EEXIST, operation: "take as our lock file what is not:", subject: lock)
        }
    }

    private static func holder(_ path: String) -> String {
        guard let number = StagingLockText(contents(path))?.process else { return "" }
        return " (process \(number))"
    }

    /// Empty if it cannot be read.
    private static func contents(_ path: String) -> [UInt8] {
        guard let file = try? OpenFile(path), let bytes = try? contents(of: file) else { return [] }
        return bytes
    }

    static func contents(of file: OpenFile) throws(SystemError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: StagingLockText.longest)
        let read: Result<Int, SystemError> = bytes.withUnsafeMutableBytes { buffer in
            do throws(SystemError) { return .success(try file.read(into: buffer, at: 0)) } catch {
                return .failure(error)
            }
        }
        return Array(bytes.prefix(try read.get()))
    }
}

/// The staging folder cannot be had.
package struct StagingLockError: Error, Sendable, Hashable, CustomStringConvertible {
    let message: String

    init(message: String) { self.message = message }

    package var description: String { message }
}
