import DESBase
import DESStorage
import Foundation

/// A local store in a folder of its own, which goes with the object.
final class StoreFolder: Sendable {
    let path: String
    let threads = ThreadPool(name: "des-test", count: 2)

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/des-retrieval-\(UUID().uuidString)"
        try FileSystem.createDirectory(path)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// As readers use it.
    var store: DirectoryStore { DirectoryStore(root: path, threads: threads, keepsNames: true) }

    /// Puts a file there as a publisher does: it appears whole.
    func put(_ bytes: [UInt8], _ key: String) throws {
        try FileSystem.createDirectory(FileSystem.parentDirectory(of: "\(path)/\(key)"))
        try Data(bytes).write(to: URL(filePath: "\(path)/\(key)"), options: .atomic)
    }

    func remove(_ key: String) throws { try FileSystem.remove("\(path)/\(key)") }
}
