import DESTestSupport
import Foundation

/// A small file system in memory, for tests of what a really full disk does; needs the right to mount.
final class PipelineSmallDisk: Sendable {
    /// Whether this process may mount.
    static let isPossible: Bool = {
        guard let folder = try? TemporaryFolder(in: .memory),
            let disk = try? PipelineSmallDisk(at: folder.path + "/probe", in: folder, kibibytes: 64)
        else { return false }
        return PipelineDisk.names(in: disk.path).isEmpty
    }()

    let path: String
    /// Cannot go while something is mounted in it.
    private let folder: TemporaryFolder

    init(at path: String, in folder: TemporaryFolder, kibibytes: Int) throws {
        self.path = path
        self.folder = folder
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Self.run("mount", "-t", "tmpfs", "-o", "size=\(kibibytes)k", "tmpfs", path)
    }

    deinit { try? Self.run("umount", path) }

    /// Changes its size, or whether it can be written.
    func remount(_ options: String) throws { try Self.run("mount", "-o", "remount,\(options)", path) }

    private static func run(_ arguments: String...) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw PipelineFailure("\(arguments.joined(separator: " ")) failed")
        }
    }
}
