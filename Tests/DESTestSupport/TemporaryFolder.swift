import DESBase
package import Foundation
import Glibc

/// A folder of its own for a test; it goes with the object.
package final class TemporaryFolder: Sendable {
    /// Where it is made.
    package enum Place: Sendable {
        /// Where the system has its temporary files.
        case disk
        /// In memory where the system has such a place, for what waits for every sync; on disk otherwise.
        case memory
        /// In an existing folder.
        case folder(String)
    }

    /// Resolved, so that it can be compared with what the system gives, and without a `/` at its end.
    package let path: String

    package init(in place: Place = .disk) throws {
        let disk = FileManager.default.temporaryDirectory.path
        let parent =
            switch place {
            case .disk: disk
            case .memory: access("/dev/shm", W_OK) == 0 ? "/dev/shm" : disk
            case .folder(let path): path
            }
        path = "\(try FileSystem.realPath(parent))/des-test-\(UUID().uuidString)"
        try FileSystem.createDirectory(path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    package var url: URL { URL(filePath: path) }

    /// The path of a name in the folder.
    package func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    /// Makes a file, or writes it anew, and the folders above it. Returns its path.
    @discardableResult
    package func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        let path = self(name)
        try FileSystem.createDirectory(FileSystem.parentDirectory(of: path))
        try Data(bytes).write(to: URL(filePath: path))
        return path
    }

    @discardableResult
    package func write(_ name: String, _ text: String = "content") throws -> String { try write(name, text.utf8) }

    /// Makes a folder, and those above it. Returns its path.
    @discardableResult
    package func folder(_ name: String) throws -> String {
        try FileSystem.createDirectory(self(name))
        return self(name)
    }

    package func link(_ name: String, to target: String) throws {
        guard symlink(target, self(name)) == 0 else { throw SystemError.last("link", self(name)) }
    }

    package func bytes(of name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: self(name)))) }

    package func text(of name: String) throws -> String { String(decoding: try bytes(of: name), as: UTF8.self) }

    /// What a folder in it holds, sorted.
    package func names(in name: String = "") throws -> [String] {
        try FileSystem.names(in: name.isEmpty ? path : self(name))
    }
}

extension TemporaryFolder.Place {
    /// A file system other than that of ``disk``; nil where there is none.
    package static let otherFileSystem: TemporaryFolder.Place? = {
        guard let other = try? FileSystem.status("/dev/shm"), other.kind == .directory,
            let temporary = try? FileSystem.status(FileManager.default.temporaryDirectory.path)
        else { return nil }
        return other.identity.device == temporary.identity.device ? nil : .folder("/dev/shm")
    }()
}
