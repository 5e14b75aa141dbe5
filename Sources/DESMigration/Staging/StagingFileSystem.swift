package import DESBase

/// A file that is being written in the staging folder. Calls block.
package protocol StagingFile: Sendable {
    func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError)
    /// Begins writing back without waiting.
    func startWriteback()
    /// Returns once everything written is on the device.
    func synchronize() throws(SystemError)
}

/// The calls on files that staging makes, so that tests can make each of them fail. Calls block.
package protocol StagingFileSystem: Sendable {
    /// Creates the folder, durably, in one that is there; an existing one is fine.
    func createFolder(_ path: String) throws(SystemError)
    /// A new file; one that exists is an error.
    func create(_ path: String) throws(SystemError) -> any StagingFile
    /// Renames without replacing.
    func rename(_ path: String, to newPath: String) throws(SystemError)
    /// Nothing there is fine.
    func remove(_ path: String) throws(SystemError)
    func names(in folder: String) throws(SystemError) -> [String]
    func synchronizeDirectory(_ path: String) throws(SystemError)
}

extension OpenFile: StagingFile {}

/// The real file system.
package struct LocalStagingFileSystem: StagingFileSystem {
    package init() {}

    package func createFolder(_ path: String) throws(SystemError) { try FileSystem.createFolder(path) }

    package func create(_ path: String) throws(SystemError) -> any StagingFile { try OpenFile(path, .createNew) }

    package func rename(_ path: String, to newPath: String) throws(SystemError) {
        try FileSystem.renameNew(path, to: newPath)
    }

    package func remove(_ path: String) throws(SystemError) { try FileSystem.remove(path) }

    package func names(in folder: String) throws(SystemError) -> [String] { try FileSystem.names(in: folder) }

    package func synchronizeDirectory(_ path: String) throws(SystemError) {
        try FileSystem.synchronizeDirectory(path)
    }
}
