import DESBase
import DESMigration
import Glibc

/// The real staging file system with faults in it.
struct PipelineFaultyStaging: StagingFileSystem {
    let faults: PipelineFaults
    /// What the system would say.
    var code: Int32 = EIO
    /// Gets the path of a file that is complete and about to be made durable.
    var onSync: @Sendable (String) -> Void = { _ in }
    private let real = LocalStagingFileSystem()

    init(faults: PipelineFaults, code: Int32 = EIO, onSync: @escaping @Sendable (String) -> Void = { _ in }) {
        self.faults = faults
        self.code = code
        self.onSync = onSync
    }

    private func pass(_ point: PipelinePoint, _ operation: String, _ subject: String) throws(SystemError) {
        if faults.strike(point) { throw SystemError(code: code, operation: operation, subject: subject) }
    }

    func createFolder(_ path: String) throws(SystemError) { try real.createFolder(path) }

    func create(_ path: String) throws(SystemError) -> any StagingFile {
        try pass(.create, "create", path)
        return File(file: try real.create(path), path: path, system: self)
    }

    func rename(_ path: String, to newPath: String) throws(SystemError) {
        try pass(.renameBefore, "rename", path)
        try real.rename(path, to: newPath)
        try pass(.renameAfter, "rename", path)
    }

    func remove(_ path: String) throws(SystemError) {
        try pass(.removeBefore, "remove", path)
        try real.remove(path)
        try pass(.removeAfter, "remove", path)
    }

    func names(in folder: String) throws(SystemError) -> [String] {
        try pass(.list, "list", folder)
        return try real.names(in: folder)
    }

    func synchronizeDirectory(_ path: String) throws(SystemError) {
        try pass(.folderSync, "sync", path)
        try real.synchronizeDirectory(path)
    }

    private struct File: StagingFile {
        let file: any StagingFile
        let path: String
        let system: PipelineFaultyStaging

        func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) {
            try system.pass(.writeBefore, "write", path)
            if system.faults.strike(.writeHalf) {
                if !system.faults.isDead || system.faults.points.contains(.writeHalf) {
                    try file.write(UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 2)))
                }
                throw SystemError(code: system.code, operation: "write", subject: path)
            }
            try file.write(bytes)
        }

        func startWriteback() { file.startWriteback() }

        func synchronize() throws(SystemError) {
            try system.pass(.sync, "sync", path)
            system.onSync(path)
            try file.synchronize()
        }
    }
}
