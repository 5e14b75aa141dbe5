import DESBase
import DESMigration
import DESShard
import DESStorage
import Glibc
import Testing

/// With sources being deleted, a fault at every single step: at each moment every file can be read from its source or from
/// a published shard, and in the end everything is where an undisturbed run would have put it.
@Suite struct PipelineFaultSweepTests {
    static let duringCycle = PipelinePoint.allCases.filter { $0 != .recoveryLookup && $0 != .attributes }

    /// Files of two days, in several shards, with a repeated uid, a shared source and big files.
    static func fixture() throws -> PipelineFixture {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        fixture.settings.batchSize = 4
        try fixture.addFiles(4, days: 2)
        try fixture.add(uid: "file-1", day: 0)
        try fixture.add(uid: "big", day: 1, bytes: PipelineFile.bytes(3000, seed: 77))
        let shared = fixture.files[1]
        try fixture.addRow(uid: "shared", day: 1, path: shared.path, bytes: shared.bytes)
        return fixture
    }

    private static func expectEnd(
        of fixture: PipelineFixture, _ where: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        try fixture.expectSettled(fixture.files, sourcesDeleted: true, sourceLocation: sourceLocation)
        try fixture.expectOnly(fixture.files, sourceLocation: sourceLocation)
        #expect(
            PipelineDisk.names(in: fixture.sources).isEmpty, "sources left at \(`where`)",
            sourceLocation: sourceLocation)
    }

    /// Each point with each kind of fault that makes a difference there.
    static let faultsDuringCycle: [(PipelinePoint, PipelineFaults.Kind)] =
        duringCycle.flatMap { [($0, .once), ($0, .death)] }
        + [.page, .locationLookup, .markBefore, .markAfter, .publishBefore, .publishAfter].map { ($0, .passing) }
        + [.markBefore, .markAfter, .publishBefore, .locationLookup].map { ($0, .persistent) }

    @Test(arguments: faultsDuringCycle)
    func `A fault at any step of a cycle loses nothing`(point: PipelinePoint, kind: PipelineFaults.Kind) async throws {
        try await Self.sweep(point, kind) { try Self.fixture() }
    }

    /// There publishing copies, and equal big files have one destination.
    @Test(
        .enabled(if: PipelineFixture.hasTwoFileSystems, "this machine has one file system"),
        arguments: [.publishBefore, .publishAfter, .markBefore, .deleteBefore] as [PipelinePoint],
        [PipelineFaults.Kind.once, .death])
    func `With staging on another file system a fault at any step loses nothing`(
        point: PipelinePoint, kind: PipelineFaults.Kind
    ) async throws {
        try await Self.sweep(point, kind) {
            let fixture = try PipelineFixture(stagesElsewhere: true)
            fixture.settings.deletesSources = true
            fixture.settings.batchSize = 4
            try fixture.addFiles(3, days: 2)
            for number in 0..<3 {
                try fixture.add(uid: "big-\(number)", day: number % 2, bytes: PipelineFile.bytes(3000, seed: 77))
            }
            return fixture
        }
    }

    private static func sweep(
        _ point: PipelinePoint, _ kind: PipelineFaults.Kind, _ make: () throws -> PipelineFixture
    ) async throws {
        for occurrence in 1... {
            let fixture = try make()
            let audit = fixture.audit
            let faults = PipelineFaults(at: [point], occurrence: occurrence, kind: kind) { audit.problems(at: $0) }
            let outcome = try await fixture.run(with: faults)
            let place = "\(point.rawValue) \(occurrence), \(kind.rawValue)"
            #expect(faults.problems == [], "\(place)")
            #expect(audit.problems() == [], "\(place)")
            outcome?.expectBalance()
            guard faults.hasStruck else {
                #expect(occurrence > 1, "\(point.rawValue) is never passed")
                #expect(outcome?.result.filesMigrated == fixture.files.count)
                try expectEnd(of: fixture, place)
                return
            }
            try await finish(fixture, place, faults)
        }
    }

    /// A new start, which has to bring everything to its end.
    private static func finish(_ fixture: PipelineFixture, _ place: String, _ fault: PipelineFaults) async throws {
        let audit = fixture.audit
        let watch = PipelineFaults(at: [], kind: .once) { audit.problems(at: $0) }
        let last = try #require(try await fixture.run(with: watch))
        last.expectBalance()
        #expect(watch.problems == [], "\(place), later")
        #expect(last.result.filesFailed == 0 && last.result.fatalError == nil, "\(place), later: \(last.result)")
        // A source that the system refused to delete is kept, once its mark is committed, and the log says so.
        if fault.points == [.deleteBefore], fault.kind != .death {
            for file in fixture.files { _ = unlink(file.path) }
        }
        try expectEnd(of: fixture, place)
    }

    /// Where a process dies so that there is something to recover from.
    static let firstDeaths: [PipelinePoint] = [.publishBefore, .markBefore, .deleteBefore]
    static let duringRecovery: [PipelinePoint] = [
        .list, .recoveryLookup, .locationLookup, .markBefore, .markAfter, .attributes, .publishBefore, .publishAfter,
        .folderSync, .removeBefore, .removeAfter, .sourceRead, .deleteBefore, .deleteAfter,
    ]

    @Test(arguments: firstDeaths, [PipelineFaults.Kind.once, .death])
    func `A fault at any step of a recovery loses nothing`(
        firstDeath: PipelinePoint, kind: PipelineFaults.Kind
    ) async throws {
        for point in Self.duringRecovery {
            for occurrence in 1...20 {
                let fixture = try Self.fixture()
                let audit = fixture.audit
                // The third passage: some shards are further on than others by then.
                let first = PipelineFaults(at: [firstDeath], occurrence: 3, kind: .death) { audit.problems(at: $0) }
                #expect(try await fixture.run(with: first) == nil)
                let second = PipelineFaults(at: [point], occurrence: occurrence, kind: kind) { audit.problems(at: $0) }
                let outcome = try await fixture.run(with: second)
                let place = "\(firstDeath.rawValue), then \(point.rawValue) \(occurrence), \(kind.rawValue)"
                #expect(first.problems + second.problems + audit.problems() == [], "\(place)")
                outcome?.expectBalance()
                if !second.hasStruck { break }
                try await Self.finish(fixture, place, second)
            }
        }
    }
}
