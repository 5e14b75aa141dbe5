import DESBase
import DESMigration
import DESShard
import DESStorage
import DESTestSupport
import Glibc
import Testing

/// A disk that is full or read-only: every file that could not be moved is named and stays as it was, and the next cycle
/// moves it.
@Suite struct PipelineFullDiskTests {
    @Test(
        arguments: [PipelinePoint.create, .writeBefore, .writeHalf, .sync, .renameBefore, .folderSync],
        [PipelineFaults.Kind.once, .persistent]
    )
    func `A staging folder that is full from the n-th call on loses nothing, for every n`(
        point: PipelinePoint, kind: PipelineFaults.Kind
    ) async throws {
        for occurrence in 1... {
            let fixture = try PipelineFixture()
            try fixture.addFiles(8, days: 2)
            try fixture.add(uid: "big", bytes: PipelineFile.bytes(3000, seed: 77))
            let faults = PipelineFaults(at: [point], occurrence: occurrence, kind: kind)
            var world = try fixture.world()
            world.staging = StagingFolder(
                path: fixture.staging, files: PipelineFaultyStaging(faults: faults, code: ENOSPC)
            )
            let outcome = try await fixture.run(in: world)
            guard faults.hasStruck else {
                #expect(occurrence > 1)
                outcome.expectBooks(migrated: 9)
                return
            }
            outcome.expectBalance()
            #expect(outcome.result.filesFailed > 0)
            for failure in outcome.result.errors {
                #expect(failure.reason == (point == .folderSync ? .publishing : .staging), "\(failure)")
                #expect(failure.message.contains("No space left on device"), "\(failure)")
                #expect(failure.message.contains("unmarked"), "\(failure)")
            }
            // Going on would fail every further file alike.
            if point != .folderSync { #expect(outcome.result.fatalError?.contains("staging folder") == true) }
            #expect(fixture.audit.problems() == [])
            #expect(PipelineDisk.names(in: fixture.sources).count == 9)

            try await fixture.run().expectBalance()
            try fixture.expectSettled(fixture.files)
            try fixture.expectOnly(fixture.files)
        }
    }

    @Test(
        arguments: [PipelinePoint.publishBefore, .publishAfter],
        [StorageError.Code.outOfSpace, .unwritable, .failed]
    )
    func `A store that refuses what it is given keeps nothing from the next cycle, for every n`(
        point: PipelinePoint, code: StorageError.Code
    ) async throws {
        for occurrence in 1... {
            let fixture = try PipelineFixture()
            try fixture.addFiles(6, days: 2)
            try fixture.add(uid: "big", bytes: PipelineFile.bytes(3000, seed: 77))
            let faults = PipelineFaults(at: [point], occurrence: occurrence, kind: .persistent)
            var world = try fixture.world()
            world.store = PipelineFaultyStore(real: fixture.realStore, faults: faults, code: code)
            let outcome = try await fixture.run(in: world)
            guard faults.hasStruck else {
                #expect(occurrence > 1)
                outcome.expectBooks(migrated: 7)
                return
            }
            outcome.expectBalance()
            #expect(outcome.result.filesFailed > 0)
            for failure in outcome.result.errors {
                #expect(failure.reason == .publishing)
                #expect(
                    failure.message.contains("the store did not answer for") && failure.message.contains("unmarked"))
            }
            #expect(fixture.audit.problems() == [])

            let shardsInStaging = fixture.stagedNames
            let later = try await fixture.run()
            later.expectBalance()
            #expect(later.result.filesMigrated == outcome.result.filesFailed)
            try fixture.expectSettled(fixture.files)
            try fixture.expectOnly(fixture.files)
            // What was sealed is published as it is, not packed again.
            #expect(Set(PipelineArchive.shards(in: fixture.output)).isSuperset(of: shardsInStaging))
        }
    }

    @Test(.enabled(if: PipelineSmallDisk.isPossible, "needs the right to mount"), arguments: [4, 12, 32, 64, 200])
    func `A staging disk that is really full loses nothing`(kibibytes: Int) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.compression.codec = .none
        fixture.settings.bigFileThreshold = 100 << 10
        // Nothing leaves the disk before the day is over; a day must be more than it holds, else it may never be full.
        let days = kibibytes < 100 ? 3 : 1
        for number in 0..<30 { try fixture.add(day: number % days, bytes: PipelineFile.bytes(10_000, seed: number)) }
        let disk = try PipelineSmallDisk(at: fixture.staging, in: fixture.folder, kibibytes: kibibytes)
        let outcome = try await fixture.run()
        outcome.expectBalance()
        #expect(outcome.result.filesFailed > 0)
        #expect(outcome.result.errors.allSatisfy { $0.message.contains("No space left on device") })
        #expect(outcome.result.fatalError?.contains("No space left on device") == true)
        #expect(fixture.audit.problems() == [])

        try disk.remount("size=8m")
        try await fixture.run().expectBalance()
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
    }

    @Test(.enabled(if: PipelineSmallDisk.isPossible, "needs the right to mount"), arguments: [false, true])
    func `An output folder on another disk that is really full or read-only loses nothing`(
        isReadOnly: Bool
    ) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.compression.codec = .none
        fixture.settings.bigFileThreshold = 20_000
        for number in 0..<30 { try fixture.add(day: number % 3, bytes: PipelineFile.bytes(10_000, seed: number)) }
        try fixture.add(uid: "big", bytes: PipelineFile.bytes(30_000, seed: 99))
        let disk = try PipelineSmallDisk(at: fixture.output, in: fixture.folder, kibibytes: 120)
        if isReadOnly { try disk.remount("ro") }
        let outcome = try await fixture.run()
        outcome.expectBalance()
        if isReadOnly {
            // The store cannot be given its mark: nothing is packed.
            #expect(outcome.result.fatalError?.contains("Read-only file system") == true)
        } else {
            #expect(outcome.result.filesFailed > 0)
        }
        for failure in outcome.result.errors {
            #expect(failure.reason == .publishing)
            #expect(failure.message.contains("No space left on device"))
        }
        #expect(fixture.audit.problems() == [])
        #expect(!PipelineDisk.names(in: fixture.output).contains { $0.hasPrefix(".") })

        try disk.remount("rw,size=8m")
        try await fixture.run().expectBalance()
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
        #expect(!PipelineDisk.names(in: fixture.output).contains { $0.hasPrefix(".") })
    }

    @Test func `A staging folder that cannot be one is an error before anything is done`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(2)
        try PipelineDisk.write([], to: fixture.staging)
        let error = await #expect(throws: StagingLockError.self) { try await fixture.run() }
        #expect(error?.description.contains("cannot use the staging folder \(fixture.staging)") == true)
        #expect(try fixture.table.markedIDs().isEmpty)
    }

    @Test func `An output folder that cannot be one ends the cycle before anything is packed`() async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(3)
        var world = try fixture.world()
        let blocked = fixture.folder.path + "/blocked"
        try PipelineDisk.write([], to: blocked)
        world.store = fixture.store(at: blocked)
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 0)
        #expect(outcome.result.fatalError?.contains(blocked) == true)
        try await fixture.run().expectBooks(migrated: 3)
        try fixture.expectSettled(fixture.files)
    }
}
