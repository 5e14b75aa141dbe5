import DESBase
import Foundation
import Glibc

/// A folder of its own for a test; it goes with the object.
final class UnitFolder: Sendable {
    let path: String

    init() throws {
        // Resolved, so that paths can be compared with what the system gives.
        let temporary = try FileSystem.realPath(FileManager.default.temporaryDirectory.path)
        path = "\(temporary)/des-unit-\(UUID().uuidString)"
        try FileSystem.createDirectory(path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a name in the folder.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a file, or writes it anew.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: URL(filePath: self(name)))
        return self(name)
    }

    @discardableResult
    func write(_ name: String, _ text: String = "content") throws -> String { try write(name, Array(text.utf8)) }

    func folder(_ name: String) throws { try FileSystem.createDirectory(self(name)) }

    func link(_ name: String, to target: String) throws {
        guard symlink(target, self(name)) == 0 else { throw SystemError.last("link", self(name)) }
    }

    func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: self(name)))) }

    var names: [String] { get throws { try FileSystem.names(in: path) } }
}

/// Gives the file another time of last modification, and leaves its content alone.
func setModificationTime(_ path: String, seconds: Int, nanoseconds: Int = 0) throws {
    // The time of the last access is given as well, because nobody looks at it.
    let times = [timespec(tv_sec: seconds, tv_nsec: nanoseconds), timespec(tv_sec: seconds, tv_nsec: nanoseconds)]
    guard utimensat(AT_FDCWD, path, times, 0) == 0 else { throw SystemError.last("touch", path) }
}
