import DESBase
import DESCatalog
import DESCatalogSQLite
import DESCatalogWatermark
import DESMigration
import DESTestSupport
import Foundation
import Testing

/// Which files the watermark may pass, and the way back for them.
@Suite struct PipelineSetAsideTests {
    enum Absence {
        case renamed, emptied
    }

    @Test(arguments: [Absence.renamed, .emptied])
    func `A disk that is not mounted holds the watermark, however often one tries`(absence: Absence) async throws {
        let setting = try PipelineWatermark()
        try setting.fixture.addFiles(20, days: 2)
        let (place, away) = (setting.fixture.sources, setting.fixture.folder.path + "/away")
        try FileManager.default.moveItem(atPath: place, toPath: away)
        if absence == .emptied {
            try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
        }
        let before = try await setting.watermark()
        for _ in 0..<ArchiveFailure.attempts + 1 {
            let outcome = try await setting.run()
            outcome.expectBooks(migrated: 0, failed: 20)
            #expect(outcome.logged("\(place) is missing or empty (is its disk mounted?)", "the watermark waits"))
            #expect((try await setting.watermark()).map { $0 <= PipelineWatermark.midnight(0) } ?? (before == nil))
            #expect(try await setting.setAside().isEmpty)
        }

        if absence == .emptied { try FileManager.default.removeItem(atPath: place) }
        try FileManager.default.moveItem(atPath: away, toPath: place)
        try await setting.run().expectBooks(migrated: 20)
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
        #expect(try setting.entries() == 20)
    }

    @Test func `A file that is there again when its day ends is not set aside`() async throws {
        let setting = try PipelineWatermark()
        try setting.fixture.addFiles(20, days: 2)
        let path = setting.fixture.files[3].path
        let world = try setting.world(sources: { real in
            PipelineHookedSources(
                real: real,
                beforeRead: { location throws(SourceError) in
                    if location == path { throw SourceError(.missing, "not there for a moment") }
                })
        })
        try await setting.fixture.run(in: world).expectBooks(migrated: 19, failed: 1)
        #expect(try await setting.setAside().isEmpty)
        try await setting.run().expectBooks(migrated: 1)
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
        #expect(try setting.entries() == 20)
    }

    /// Files 3 and 13 are set aside, the watermark has passed, and file 3 is back.
    private func passed() async throws -> PipelineWatermark {
        let setting = try PipelineWatermark()
        setting.fixture.settings.uploads = 1
        try setting.fixture.addFiles(20, days: 2)
        let files = [setting.fixture.files[3], setting.fixture.files[13]]
        for file in files { try FileManager.default.removeItem(atPath: file.path) }
        try await setting.run().expectBooks(migrated: 18, failed: 2)
        #expect(try await setting.setAside() == files.map(\.uid).sorted())
        try PipelineDisk.write(files[0].bytes, to: files[0].path)
        try await setting.run().expectBooks(migrated: 0)
        return setting
    }

    @Test func `What was set aside can be tried again; what works leaves the table, the rest stays`() async throws {
        let setting = try await passed()
        try await setting.run(retriesSetAside: true).expectBooks(migrated: 1, failed: 1)
        let rest = setting.fixture.files[13]
        #expect(try await setting.setAside() == [rest.uid])
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
        #expect(try setting.entries() == 19)

        try PipelineDisk.write(rest.bytes, to: rest.path)
        try await setting.run(retriesSetAside: true).expectBooks(migrated: 1)
        try await setting.run(retriesSetAside: true).expectBooks(migrated: 0)
        try await setting.run().expectBooks(migrated: 0)
        #expect(try await setting.setAside().isEmpty)
        #expect(try setting.entries() == 20)
        #expect(try setting.fixture.files.allSatisfy { try PipelineArchive(setting.fixture.output).count(of: $0) == 1 })
    }

    @Test func `What was set aside in a day that the watermark has not passed can be tried again too`() async throws {
        let setting = try await passed()
        let archive = setting.archive
        _ = try await archive.setWatermark(until: PipelineWatermark.midnight(0), lagDays: nil)
        try await setting.run(retriesSetAside: true).expectBooks(migrated: 1, failed: 1)
        #expect(try setting.entries() == 19)
        #expect(try await archive.leftOut(.packed, in: .init(before: .latest), after: nil, atMost: 9).count == 1)
        await archive.close()
    }

    @Test(
        arguments: [PipelinePoint.publishBefore, .publishAfter, .markBefore, .markAfter, .removeBefore], [false, true])
    func `A kill while they are tried again costs nothing, and no file is packed twice`(
        point: PipelinePoint, retriesAgain: Bool
    ) async throws {
        let setting = try await passed()
        let faults = PipelineFaults(at: [point], occurrence: 1, kind: .death)
        #expect(
            try await setting.fixture.run(with: faults, in: setting.world(faults: faults, retriesSetAside: true)) == nil
        )

        // Recovery comes before the work, whichever it is.
        _ = try await setting.run(retriesSetAside: retriesAgain)
        #expect(try await setting.setAside() == [setting.fixture.files[13].uid])
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
        #expect(try setting.entries() == 19)
        #expect(setting.fixture.stagedNames.isEmpty)
    }

    @Test func `Rows without a readable time are counted in each cycle, and said to be left out`() async throws {
        let setting = try PipelineWatermark()
        try setting.fixture.addFiles(4)
        for time in [CatalogValue.null, .text("soon"), .text("")] {
            _ = try setting.fixture.table.insert(
                uid: .text("undated"), createdAt: time, location: .text(setting.fixture.files[0].path),
                size: .integer(1))
        }
        for migrated in [4, 0] {
            let outcome = try await setting.run()
            outcome.expectBooks(migrated: migrated)
            #expect(outcome.result.rowsWithoutTime == 3)
            #expect(outcome.logged("no readable time", "rows=3"))
        }
        let unchanged = try PipelineWatermark()
        try unchanged.fixture.addFiles(2)
        #expect(try await unchanged.run().result.rowsWithoutTime == 0)
    }
}
