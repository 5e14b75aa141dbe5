import DESBase
import DESStorage
import DESTestSupport
import Foundation

/// A local store in a folder of its own, which goes with the object.
final class StoreFolder: Sendable {
    private let folder: TemporaryFolder
    let threads = ThreadPool(name: "des-test", count: 2)

    init() throws { folder = try TemporaryFolder() }

    var path: String { folder.path }

    /// As readers use it.
    var store: DirectoryStore { DirectoryStore(root: path, threads: threads, keepsNames: true) }

    /// Puts a file there as a publisher does: it appears whole.
    func put(_ bytes: [UInt8], _ key: String) throws {
        try FileSystem.createDirectory(FileSystem.parentDirectory(of: "\(path)/\(key)"))
        try Data(bytes).write(to: URL(filePath: "\(path)/\(key)"), options: .atomic)
    }

    func remove(_ key: String) throws { try FileSystem.remove("\(path)/\(key)") }
}
