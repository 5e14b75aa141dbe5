import DESCatalog
import DESCatalogSQLite
import DESCatalogWatermark
import DESMigration
import Foundation
import Testing

/// Migrations behind a watermark: the table is never changed.
@Suite struct PipelineWatermarkTests {
    @Test func `The window up to the lag is migrated, the watermark follows, and no row is changed`() async throws {
        let setting = try PipelineWatermark()
        try setting.fixture.addFiles(30, days: 3)
        let first = try await setting.run()
        // Day 3 less a lag of one day: days 0 and 1 are old enough.
        first.expectBooks(migrated: 20)
        #expect(try setting.fixture.table.markedIDs().isEmpty)
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
        #expect(try setting.entries() == 20)

        let second = try await setting.run()
        second.expectBooks(migrated: 0)
        #expect(try setting.entries() == 20)
    }

    @Test func `A file that can never be migrated is set aside, and the watermark passes it`() async throws {
        let setting = try PipelineWatermark()
        try setting.fixture.addFiles(20, days: 2)
        try FileManager.default.removeItem(atPath: setting.fixture.files[3].path)
        let outcome = try await setting.run()
        outcome.expectBooks(migrated: 19, failed: 1)
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
        #expect(try await setting.archive.setAside(atMost: 10).map(\.uid) == [setting.fixture.files[3].uid])
        #expect(try await setting.archive.setAside(atMost: 10).map(\.reason) == ["missing"])
    }

    @Test func `If more files are missing than may be set aside, the watermark stays, and later days are migrated`()
        async throws
    {
        let setting = try PipelineWatermark()
        try setting.fixture.addFiles(20, days: 2)
        for file in setting.fixture.files.prefix(10) { try FileManager.default.removeItem(atPath: file.path) }
        let outcome = try await setting.run(maxSetAside: 3)
        outcome.expectBooks(migrated: 10, failed: 10)
        #expect((try await setting.watermark()).map { $0 <= PipelineWatermark.midnight(0) } ?? true)

        // They come back: the day is done, and what was packed is not packed again.
        for file in setting.fixture.files.prefix(10) { try PipelineDisk.write(file.bytes, to: file.path) }
        let second = try await setting.run(maxSetAside: 3)
        #expect(second.result.filesMigrated >= 7)
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
        #expect(try setting.entries() == 10 + second.result.filesMigrated)
    }

    @Test(arguments: [true, false])
    func `Another store in the place of the known one is refused by every later process, until it is meant`(
        hasMark: Bool
    ) async throws {
        let setting = try PipelineWatermark()
        try setting.fixture.addFiles(20, days: 2)
        try await setting.run().expectBooks(migrated: 20)
        let output = setting.fixture.output
        try FileManager.default.moveItem(atPath: output, toPath: output + "-away")
        try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: false)
        if hasMark { try PipelineDisk.write(Array("another".utf8), to: output + "/_desStore") }
        // Nothing of the rows tells it any more.
        try setting.fixture.table.execute("DELETE FROM files")
        let refused = try await setting.run()
        #expect(refused.result.fatalError?.contains(hasMark ? "another name" : "is empty, but rows") == true)
        #expect(PipelineDisk.names(in: output) == (hasMark ? ["_desStore"] : []))
        setting.fixture.settings.acceptsNewStore = true
        #expect(try await setting.run().result.fatalError == nil)
        setting.fixture.settings.acceptsNewStore = false
        #expect(try await setting.run().result.fatalError == nil)
    }

    @Test(arguments: [PipelinePoint.publishBefore, .markBefore, .markAfter, .removeBefore])
    func `A kill at any point costs nothing, and no file is packed twice`(point: PipelinePoint) async throws {
        let setting = try PipelineWatermark()
        try setting.fixture.addFiles(20, days: 2)
        setting.fixture.settings.uploads = 1
        let faults = PipelineFaults(at: [point], occurrence: 1, kind: .death)
        #expect(try await setting.fixture.run(with: faults, in: setting.world(faults: faults)) == nil)

        let outcome = try await setting.run()
        #expect(outcome.result.filesFailed == 0)
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
        #expect(try setting.entries() == 20)
        #expect(setting.fixture.stagedNames.isEmpty)
    }
}
