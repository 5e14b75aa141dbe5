import DESBase
import DESMigration

/// The real staging file system, which counts the files that are open.
struct PipelineCountingStaging: StagingFileSystem {
    /// Files open now, and at most.
    let open = PipelineLocked((now: 0, atMost: 0))
    private let real = LocalStagingFileSystem()

    func createFolder(_ path: String) throws(SystemError) { try real.createFolder(path) }

    func create(_ path: String) throws(SystemError) -> any StagingFile {
        File(file: try real.create(path), open: open)
    }

    func rename(_ path: String, to newPath: String) throws(SystemError) { try real.rename(path, to: newPath) }

    func remove(_ path: String) throws(SystemError) { try real.remove(path) }

    func names(in folder: String) throws(SystemError) -> [String] { try real.names(in: folder) }

    func synchronizeDirectory(_ path: String) throws(SystemError) { try real.synchronizeDirectory(path) }

    private final class File: StagingFile {
        let file: any StagingFile
        let open: PipelineLocked<(now: Int, atMost: Int)>

        init(file: any StagingFile, open: PipelineLocked<(now: Int, atMost: Int)>) {
            self.file = file
            self.open = open
            open.change { $0 = ($0.now + 1, max($0.atMost, $0.now + 1)) }
        }

        deinit { open.change { $0.now -= 1 } }

        func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) { try file.write(bytes) }

        func startWriteback() { file.startWriteback() }

        func synchronize() throws(SystemError) { try file.synchronize() }
    }
}
