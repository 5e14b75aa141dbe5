import DESCatalog
import DESMigration
import Foundation
import Testing

/// Times that are hardly those of files.
@Suite struct PipelineOddTimeTests {
    private func fixture() throws -> PipelineFixture {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        try fixture.addFiles(3)
        for (number, time) in [
            CatalogValue.integer(639_000_000_000_000_000), .real(2_461_375.5), .integer(817_732_800),
        ].enumerated() {
            let path = "\(fixture.sources)/odd-\(number)"
            try PipelineDisk.write([UInt8(number)], to: path)
            _ = try fixture.table.insert(
                uid: .text("odd-\(number)"), createdAt: time, location: .text(path), size: .integer(1))
        }
        return fixture
    }

    @Test func `Rows of odd times are packed and marked, and their sources stay`() async throws {
        let fixture = try fixture()
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 6)
        #expect(outcome.result.filesWithOddTimes == 3)
        #expect(outcome.result.filesKept == 3)
        #expect(outcome.result.filesDeleted == 3)
        for number in 0..<3 { #expect(FileManager.default.fileExists(atPath: "\(fixture.sources)/odd-\(number)")) }
    }

    @Test func `Once somebody says that they are meant, they go like all others`() async throws {
        let fixture = try fixture()
        fixture.settings.allowsOddTimes = true
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 6)
        #expect(outcome.result.filesWithOddTimes == 3)
        #expect(outcome.result.filesKept == 0)
        #expect(outcome.result.filesDeleted == 6)
    }
}
