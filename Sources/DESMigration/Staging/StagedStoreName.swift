import DESBase
import DESCatalog
import Glibc

/// Remembers the store in the lock file of the staging folder, for catalogs that may be written nothing but marks.
///
/// It outlives the process, and, if staging is not in the output itself, the output as well.
struct StagedStoreName: StoreMemory {
    let staging: StagingFolder
    let threads: ThreadPool

    private var path: String { "\(staging.path)/\(StagingFolder.lockName)" }

    func storeName() async throws -> String? {
        try await threads.run { [path] in
            guard try FileSystem.status(path) != nil else { return nil }
            return StagingLockText(try StagingLock.contents(of: OpenFile(path)))?.store
        }
    }

    /// Only the process that holds the lock writes to it.
    func remember(storeName: String) async throws {
        try await threads.run { [path] in
            let file = try OpenFile(path, .readWrite)
            try StagingLockText(process: getpid(), store: storeName).write(over: file)
            try file.synchronize()
        }
    }
}
