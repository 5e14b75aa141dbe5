import DESBase
import DESCatalog
import DESCatalogSQLite
import DESCatalogWatermark
import DESMigration
import Foundation
import Testing

/// An outage is not the file's fault: behind a watermark nothing is given up for it.
@Suite struct PipelineOutageTests {
    private static let cycles = ArchiveFailure.attempts + 1

    /// Files on two days in two folders, `a` and `b`.
    private func setting() throws -> PipelineWatermark {
        let setting = try PipelineWatermark()
        for number in 0..<20 {
            let folder = number.isMultiple(of: 2) ? "a" : "b"
            try FileManager.default.createDirectory(
                atPath: "\(setting.fixture.sources)/\(folder)", withIntermediateDirectories: true)
            try setting.fixture.add(day: number / 10, name: "\(folder)/\(number)")
        }
        return setting
    }

    private func expectSettled(_ setting: PipelineWatermark) async throws {
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
        #expect(try setting.entries() == 20)
        #expect(try await setting.setAside().isEmpty)
    }

    @Test(arguments: [FailureReason.unreachable, .unreadable, .changed, .sizeMismatch, .notRegular, .outsideRoots])
    func `If nothing can be read the watermark waits, and afterwards all goes on by itself`(
        reason: FailureReason
    ) async throws {
        let setting = try setting()
        for _ in 0..<Self.cycles {
            let outcome = try await setting.run { SourceError(reason, "cannot read \($0): all is down") }
            outcome.expectBooks(migrated: 0, failed: 20)
            #expect(outcome.logged("the watermark waits"))
            #expect(outcome.result.filesSetAside == 0)
            #expect(try await setting.isWaiting())
        }
        try await setting.run().expectBooks(migrated: 20)
        try await expectSettled(setting)
    }

    @Test(arguments: [FailureReason.unreachable, .unreadable, .missing, .changed, .sizeMismatch])
    func `If one folder is down nothing of it is given up, while the other one is migrated`(
        reason: FailureReason
    ) async throws {
        let setting = try setting()
        let folder = "\(setting.fixture.sources)/a"
        // A disk that is not mounted; but something lies where it belongs.
        if reason == .missing {
            try FileManager.default.moveItem(atPath: folder, toPath: folder + ".away")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
            try PipelineDisk.write([1], to: "\(folder)/NOT_MOUNTED")
        }
        for cycle in 0..<Self.cycles {
            let outcome = try await setting.run { location in
                guard reason != .missing, location.hasPrefix(folder) else { return nil }
                return SourceError(reason, "cannot read \(location): this folder is down")
            }
            outcome.expectBooks(migrated: cycle == 0 ? 10 : 0, failed: 10)
            #expect(try await setting.isWaiting())
            #expect(try await setting.setAside().isEmpty)
        }
        if reason == .missing {
            try FileManager.default.removeItem(atPath: folder)
            try FileManager.default.moveItem(atPath: folder + ".away", toPath: folder)
        }
        try await setting.run().expectBooks(migrated: 10)
        try await expectSettled(setting)
    }

    @Test(arguments: [FailureReason.unreadable, .changed])
    func `One bad file is given up after three cycles, though nothing else is left to be read in the later ones`(
        reason: FailureReason
    ) async throws {
        let setting = try setting()
        let bad = setting.fixture.files[4]
        for cycle in 1...Self.cycles {
            let outcome = try await setting.run { location in
                location == bad.path ? SourceError(reason, "cannot read \(location): Input/output error") : nil
            }
            let isGivenUp = cycle >= ArchiveFailure.attempts
            outcome.expectBooks(
                migrated: cycle == 1 ? 19 : 0, failed: cycle <= ArchiveFailure.attempts ? 1 : 0)
            #expect(outcome.result.filesSetAside == (isGivenUp ? 1 : 0), "in every cycle from then on")
            #expect(try await setting.setAside() == (isGivenUp ? [bad.uid] : []))
            #expect(try await setting.isWaiting() == !isGivenUp)
        }
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
    }

    @Test func `A bad file does not count during an outage of all others`() async throws {
        let setting = try setting()
        let bad = setting.fixture.files[4]
        func cycle(isDown: Bool) async throws {
            _ = try await setting.run { location in
                isDown || location == bad.path ? SourceError(.unreadable, "cannot read \(location)") : nil
            }
        }
        try await cycle(isDown: false)
        for _ in 0..<Self.cycles { try await cycle(isDown: true) }
        #expect(try await setting.setAside().isEmpty)
        try await cycle(isDown: false)
        #expect(try await setting.setAside().isEmpty, "the second time that counts")
        try await cycle(isDown: false)
        #expect(try await setting.setAside() == [bad.uid])
    }

    @Test func `What breaks down in the middle of a cycle is not given up in the ones after it`() async throws {
        let setting = try setting()
        let reads = PipelineLocked(0)
        for cycle in 0..<Self.cycles {
            _ = try await setting.run { location in
                let count = reads.change { count -> Int in
                    count += 1
                    return count
                }
                return cycle > 0 || count > 5 ? SourceError(.unreadable, "cannot read \(location)") : nil
            }
        }
        #expect(try await setting.setAside().isEmpty)
        #expect(try await setting.isWaiting())
        _ = try await setting.run()
        try await expectSettled(setting)
    }

    @Test func `A day of which no file is found is not passed, whatever else lies in its folder`() async throws {
        let setting = try PipelineWatermark()
        try setting.fixture.addFiles(20, days: 2)
        let missing = setting.fixture.files.prefix(10)
        for file in missing { try FileManager.default.removeItem(atPath: file.path) }
        for cycle in 0..<Self.cycles {
            let outcome = try await setting.run()
            outcome.expectBooks(migrated: cycle == 0 ? 10 : 0, failed: 10)
            #expect(outcome.logged("no file of the day was found", "--set-watermark", "the watermark waits"))
            #expect(try await setting.isWaiting())
            #expect(try await setting.setAside().isEmpty)
        }
        for file in missing { try PipelineDisk.write(file.bytes, to: file.path) }
        try await setting.run().expectBooks(migrated: 10)
        try await expectSettled(setting)
    }

    @Test func `Two files of a folder of their own that are gone are given up: its other files can be read`()
        async throws
    {
        let setting = try setting()
        let folder = "\(setting.fixture.sources)/c"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        for name in ["x", "y", "z"] { try PipelineDisk.write([1], to: "\(folder)/\(name)") }
        for name in ["gone", "also"] { try setting.fixture.addRow(uid: name, path: "\(folder)/\(name)", bytes: [1]) }
        try await setting.run().expectBooks(migrated: 20, failed: 2)
        #expect(try await setting.setAside() == ["also", "gone"])
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
    }

    @Test(arguments: [FailureReason.unreadable, .sizeMismatch, .notRegular])
    func `A bad file with a folder of its own is given up beside files of other folders`(
        reason: FailureReason
    ) async throws {
        let setting = try PipelineWatermark()
        for number in 0..<10 {
            let folder = "\(setting.fixture.sources)/documents/\(number)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try setting.fixture.add(day: number / 5, name: "documents/\(number)/file")
        }
        let bad = setting.fixture.files[2]
        for _ in 0..<Self.cycles {
            _ = try await setting.run { $0 == bad.path ? SourceError(reason, "cannot read \($0)") : nil }
        }
        #expect(try await setting.setAside() == [bad.uid])
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
    }

    @Test func `Sources in S3 that nobody enabled are given up only beside files that can be read`() async throws {
        let alone = try PipelineWatermark()
        for number in 0..<3 { try alone.fixture.addRow(uid: "o\(number)", path: "s3://b/\(number)", bytes: [1]) }
        for _ in 0..<Self.cycles {
            try await alone.run().expectBooks(migrated: 0, failed: 3)
            #expect(try await alone.isWaiting())
            #expect(try await alone.setAside().isEmpty)
        }
        let mixed = try setting()
        try mixed.fixture.addRow(uid: "object", path: "s3://b/k", bytes: [1])
        try await mixed.run().expectBooks(migrated: 20, failed: 1)
        #expect(try await mixed.setAside() == ["object"])
    }

    @Test func `A bad row alone on its day is given up: no outage makes it`() async throws {
        let setting = try setting()
        _ = try setting.fixture.table.insert(
            uid: .text(""), createdAt: .text(PipelineFile.time(day: -1, second: 1).rfc3339), location: .text("/x"),
            size: .integer(1))
        try await setting.run().expectBooks(migrated: 20, failed: 1)
        #expect(try await setting.archive.setAsideCount() == 1)
        #expect(try await setting.watermark() == PipelineWatermark.midnight(2))
    }

    @Test func `Relative locations are neither read nor given up, and the log says what to write`() async throws {
        let setting = try setting()
        for name in ["in/one", "two", "./three", "a b:c"] {
            try setting.fixture.addRow(uid: name, path: name, bytes: [1])
        }
        for cycle in 0..<Self.cycles {
            let outcome = try await setting.run { AbsoluteSourceFiles($0) }
            outcome.expectBooks(migrated: cycle == 0 ? 20 : 0, failed: 4)
            #expect(outcome.logged("the watermark waits", "migration.source_base"))
            #expect(outcome.result.errors.allSatisfy { $0.reason == .unreachable })
            #expect(try await setting.setAside().isEmpty)
            #expect(try await setting.isWaiting())
        }
    }

    @Test(.timeLimit(.minutes(5))) func `A million failures in one cycle are settled in bounded memory, log and time`()
        async throws
    {
        let setting = try setting()
        let log = PipelineLog()
        let world = try setting.world(log: log)
        let work = try #require(world.work)
        try await work.begin(cutoff: .latest, isRecovered: true)
        guard case .slice(let slice) = try await work.next() else {
            Issue.record("there is no day")
            return
        }
        let present = setting.fixture.files[0]
        slice.wasRead(present.path)
        let folder = "\(setting.fixture.sources)/a"
        for number in 0..<1_000_000 {
            // Half of them in folders that nobody has.
            let place = number.isMultiple(of: 2) ? folder : "\(folder)/\(number)"
            let key = RowKey(
                rowID: 1, uid: .integer(Int64(number)), createdAt: .text(present.createdAt.rfc3339),
                location: .text("\(place)/gone \(number)"))
            slice.failed(key, .missing, "cannot look up \(place)/gone \(number): No such file or directory")
        }
        try await slice.finish(.completed, SliceProgress())
        #expect(try await setting.archive.setAsideCount() == 1000, "max_set_aside")
        #expect(log.lines.count < 30)
        #expect(try await setting.isWaiting())
        await world.catalog.close()
    }

    @Test func `What is accepted counts no more, is not tried again, and stays known`() async throws {
        let setting = try setting()
        let gone = [setting.fixture.files[3], setting.fixture.files[14]]
        for file in gone { try FileManager.default.removeItem(atPath: file.path) }
        for _ in 0..<3 {
            let outcome = try await setting.run()
            #expect(outcome.result.filesSetAside == 2)
            #expect(outcome.logged("files are set aside", "files=2", "--accept-set-aside"))
        }
        #expect(try await setting.archive.acceptSetAside() == 2)
        #expect(try await setting.archive.acceptSetAside() == 0)
        let after = try await setting.run()
        after.expectBooks(migrated: 0)
        #expect(after.result.filesSetAside == 0)
        #expect(try await setting.archive.acceptedCount() == 2)
        for file in gone { try PipelineDisk.write(file.bytes, to: file.path) }
        try await setting.run(retriesSetAside: true).expectBooks(migrated: 0)
        #expect(try setting.entries() == 18)
        #expect(try await setting.archive.isArchived(setting.keys(of: gone)) == [false, false])
    }

    @Test func `A retry leaves what it cannot pack in the count`() async throws {
        let setting = try setting()
        let gone = [setting.fixture.files[3], setting.fixture.files[14]]
        for file in gone { try FileManager.default.removeItem(atPath: file.path) }
        #expect(try await setting.run().result.filesSetAside == 2)
        try PipelineDisk.write(gone[0].bytes, to: gone[0].path)
        #expect(try await setting.run(retriesSetAside: true).result.filesSetAside == 1)
        try PipelineDisk.write(gone[1].bytes, to: gone[1].path)
        #expect(try await setting.run(retriesSetAside: true).result.filesSetAside == 0)
    }
}
