import DESSystem
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
            try folder.files.createDirectory(folder.path)
            file = try OpenFile(path, .readWrite)
            guard try file.tryLock() else {
                throw SystemError(code: EWOULDBLOCK, operation: "lock", subject: path)
            }
            try file.truncate(to: 0)
            try file.write(text: "\(getpid())\n")
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

    private static func holder(_ path: String) -> String {
        guard let file = try? OpenFile(path) else { return "" }
        let text: String? = withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { buffer in
            guard let count = try? file.read(into: buffer, at: 0) else { return nil }
            return String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        guard let number = text?.split(separator: "\n").first else { return "" }
        return " (process \(number))"
    }
}

/// The staging folder cannot be had.
package struct StagingLockError: Error, Sendable, Hashable, CustomStringConvertible {
    let message: String

    package var description: String { message }
}
