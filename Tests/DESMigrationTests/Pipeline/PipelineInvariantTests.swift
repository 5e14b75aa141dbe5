import DESCatalog
import DESStorage
import Testing

@testable import DESMigration

/// What the pipeline does when something that it relies on answers what cannot be.
@Suite struct PipelineInvariantTests {
    enum Liar: CaseIterable {
        case catalog, store, sources
    }

    @Test(arguments: Liar.allCases, [false, true])
    func `an answer too few or too many ends the cycle by the name of what does not hold, and nothing is lost`(
        liar: Liar, answersMore: Bool
    ) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        try fixture.addFiles(6)
        var world = try fixture.world()
        switch liar {
        case .catalog:
            var catalog = PipelineHookedCatalog(real: world.catalog) { _ in }
            catalog.answer = { answersMore ? $0 + [.marked] : Array($0.dropLast()) }
            world.catalog = catalog
        case .store:
            var store = PipelineFaultyStore(real: world.store, faults: PipelineFaults(at: [], kind: .persistent))
            store.answer = { answersMore ? $0 + [.success(.created)] : Array($0.dropLast()) }
            world.store = store
        case .sources:
            var sources = PipelineHookedSources(real: world.sources)
            sources.answer = { answersMore ? $0 + [.deleted] : Array($0.dropLast()) }
            world.sources = sources
        }
        let outcome = try await fixture.run(in: world)
        let name = liar == .sources ? Invariant.deletedIsMarked : .markedIsPublished
        #expect(outcome.result.fatalError?.contains("\"\(name.rawValue)\" does not hold") == true)
        if liar != .sources { #expect(outcome.result.filesDeleted == 0) }

        let next = try await fixture.run()
        #expect(next.result.fatalError == nil && next.result.filesFailed == 0)
        try fixture.expectOnly(fixture.files)
    }
}
