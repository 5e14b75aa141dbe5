import DESMigration
import DESRouting
import DESSystem
import Glibc
import Testing

@Suite struct ZZTemp {
    final class Live: StagingFile, Sendable {
        let file: any StagingFile
        let count: PipelineLocked<(Int, Int)>
        init(_ file: any StagingFile, _ count: PipelineLocked<(Int, Int)>) {
            self.file = file
            self.count = count
            count.change { $0.0 += 1; $0.1 = max($0.0, $0.1) }
        }
        deinit { count.change { $0.0 -= 1 } }
        func write(_ bytes: UnsafeRawBufferPointer) throws(SystemError) { try file.write(bytes) }
        func startWriteback() {}
        func synchronize() throws(SystemError) { usleep(10_000) }
    }
    struct FS: StagingFileSystem {
        let real = LocalStagingFileSystem()
        let count: PipelineLocked<(Int, Int)>
        func createDirectory(_ path: String) throws(SystemError) { try real.createDirectory(path) }
        func create(_ path: String) throws(SystemError) -> any StagingFile { Live(try real.create(path), count) }
        func rename(_ path: String, to newPath: String) throws(SystemError) { try real.rename(path, to: newPath) }
        func remove(_ path: String) throws(SystemError) { try real.remove(path) }
        func names(in folder: String) throws(SystemError) -> [String] { try real.names(in: folder) }
        func synchronizeDirectory(_ path: String) throws(SystemError) { try real.synchronizeDirectory(path) }
    }
    @Test func live() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.shardBits = ShardBits(16)!
        fixture.fileDescriptors = 64
        for number in 0..<2000 { try fixture.add(uid: "\(number)", day: 0, second: number) }
        var world = try fixture.world()
        let count = PipelineLocked((0, 0))
        world.staging = StagingFolder(path: fixture.staging, files: FS(count: count))
        let outcome = try await fixture.run(in: world)
        print("ZZ", count.value, outcome.result.filesMigrated)
    }
}
