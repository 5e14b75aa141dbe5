import DESBase
import Foundation

/// A folder of its own for a test; it goes with the object.
final class TemporaryFolder: Sendable {
    let path: String

    /// - Parameter parent: an existing folder.
    init(in parent: String = FileManager.default.temporaryDirectory.path) throws {
        path = "\(try FileSystem.realPath(parent))/des-storage-\(UUID().uuidString)"
        try FileSystem.createDirectory(path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a name in the folder.
    func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    func write(_ name: String, _ text: String) throws {
        try FileSystem.createDirectory(FileSystem.parentDirectory(of: self(name)))
        try Data(text.utf8).write(to: URL(filePath: self(name)))
    }

    func read(_ name: String) throws -> String {
        String(decoding: try Data(contentsOf: URL(filePath: self(name))), as: UTF8.self)
    }

    func names(in name: String = "") throws -> [String] {
        try FileSystem.names(in: name.isEmpty ? path : self(name))
    }
}

/// A file system other than that of the temporary folder; nil where there is none.
let otherFileSystem: String? = {
    guard let other = try? FileSystem.status("/dev/shm"), other.kind == .directory,
        let temporary = try? FileSystem.status(FileManager.default.temporaryDirectory.path)
    else { return nil }
    return other.identity.device == temporary.identity.device ? nil : "/dev/shm"
}()
