import DESCatalog
import DESMigration
import DESTestSupport
import Foundation
import Glibc
import Testing

/// Each bad source fails alone, with a message that names it; the others go through.
@Suite struct PipelineBadSourceTests {
    enum BadSource: String, CaseIterable, Sendable {
        case missing, directory, fifo, socket, characterDevice, danglingLink, linkLoop, fileAsFolder, nulByte
        case objectStore, outsideRoots, linkOutOfRoots

        var reason: FailureReason {
            switch self {
            case .missing, .danglingLink, .fileAsFolder: .missing
            case .directory, .fifo, .socket, .characterDevice: .notRegular
            case .linkLoop: .unreadable
            case .nulByte: .invalidRow
            case .objectStore: .unsupportedLocation
            case .outsideRoots, .linkOutOfRoots: .outsideRoots
            }
        }

        /// Makes it, and gives the location for the row.
        func make(in fixture: PipelineFixture) throws -> String {
            let path = "\(fixture.sources)/bad"
            switch self {
            case .missing: break
            case .directory: try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            case .fifo: mkfifo(path, 0o644)
            case .socket: mknod(path, S_IFSOCK | 0o644, 0)
            case .characterDevice: return "/dev/zero"
            case .danglingLink: symlink("nowhere", path)
            case .linkLoop: symlink("bad", path)
            case .fileAsFolder: return "\(fixture.sources)/1.bin/x"
            case .nulByte: return "\(path)\0.bin"
            case .objectStore: return "s3://bucket/key"
            case .outsideRoots: return try outside(fixture)
            case .linkOutOfRoots: symlink(try outside(fixture), path)
            }
            return path
        }

        private func outside(_ fixture: PipelineFixture) throws -> String {
            let path = "\(fixture.folder.path)/outside.bin"
            try PipelineDisk.write([1, 2, 3], to: path)
            return path
        }
    }

    @Test(arguments: BadSource.allCases)
    func `A source that cannot be had fails alone and is named`(bad: BadSource) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(5)
        let location = try bad.make(in: fixture)
        if bad != .characterDevice { fixture.settings.sourceRoots = [fixture.sources] }
        _ = try fixture.table.insert(
            uid: .text("bad"), createdAt: .text("2024-10-04T00:00:03Z"), location: .text(location), size: .integer(3)
        )
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 5, failed: 1)
        let failure = try #require(outcome.failure("bad"))
        #expect(failure.reason == bad.reason)
        #expect(failure.location == location)
        if bad != .nulByte { #expect(failure.message.contains(location), "\(failure.message)") }
        #expect(outcome.logged("file not migrated", "uid=bad", bad.reason.rawValue))
        #expect(outcome.result.fatalError == nil)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
    }

    @Test func `Relative links and file URLs within the roots are followed`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.sourceRoots = [fixture.sources]
        let file = try fixture.add()
        symlink("1.bin", "\(fixture.sources)/link")
        try fixture.addRow(uid: "by link", path: "\(fixture.sources)/link", bytes: file.bytes)
        try fixture.addRow(uid: "by URL", path: "file://\(file.path)", bytes: file.bytes)
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 3)
        try fixture.expectSettled(fixture.files)
    }

    @Test(arguments: [(EACCES, "Permission denied"), (EIO, "Input/output error")], [100, 5000])
    func `A source that the system does not let us read fails alone`(
        error: (code: Int32, text: String), size: Int
    ) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(4)
        let bad = try fixture.add(uid: "bad", bytes: PipelineFile.bytes(size, seed: 9))
        var world = try fixture.world()
        world.sources = PipelineHookedSources(real: world.sources) { (location) throws(SourceError) in
            guard location == bad.path else { return }
            throw SourceError(.unreadable, "cannot open \(location): \(error.text)")
        }
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 4, failed: 1)
        let failure = try #require(outcome.failure("bad"))
        #expect(failure.reason == .unreadable)
        #expect(failure.message.contains(bad.path) && failure.message.contains(error.text))
        try fixture.expectSettled(fixture.files.dropLast())

        // It can be read again later.
        let later = try await fixture.run()
        later.expectBooks(migrated: 1)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
    }

    enum Change: String, CaseIterable, Sendable {
        case grown, shrunk, emptied, replaced, removed

        func make(_ path: String, _ bytes: [UInt8]) throws {
            switch self {
            case .grown: try PipelineDisk.write(bytes + [0], to: path)
            case .shrunk: try PipelineDisk.write(bytes.dropLast(), to: path)
            case .emptied: try PipelineDisk.write([], to: path)
            case .replaced: try PipelineDisk.replace(path, with: bytes.reversed())
            case .removed: try FileManager.default.removeItem(atPath: path)
            }
        }
    }

    @Test(arguments: [Change.grown, .shrunk, .emptied])
    func `A file that is not of the size in the catalog fails, and is not packed`(change: Change) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(4)
        let bad = try fixture.add(uid: "bad")
        try change.make(bad.path, bad.bytes)
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 4, failed: 1)
        let failure = try #require(outcome.failure("bad"))
        #expect(failure.reason == .sizeMismatch)
        #expect(failure.message.contains(bad.path) && failure.message.contains("\(bad.bytes.count)"))
        try fixture.expectSettled(fixture.files.dropLast())
        try fixture.expectOnly(fixture.files.dropLast())
    }

    @Test(arguments: Change.allCases)
    func `A big file that changes between the first look and the copying fails, and its row stays unmarked`(
        change: Change
    ) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(4)
        let bad = try fixture.add(uid: "bad", bytes: PipelineFile.bytes(5000, seed: 9))
        var world = try fixture.world()
        var hooked = PipelineHookedSources(real: world.sources)
        hooked.afterRead = { if $0 == bad.path { try? change.make(bad.path, bad.bytes) } }
        world.sources = hooked
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 4, failed: 1)
        let failure = try #require(outcome.failure("bad"))
        #expect(failure.reason == (change == .removed ? .missing : .changed))
        #expect(failure.message.contains(bad.path))
        try fixture.expectSettled(fixture.files.dropLast())
        #expect(PipelineDisk.names(in: fixture.output + "/_bigFiles").isEmpty)
    }

    @Test(arguments: [Change.grown, .shrunk, .emptied])
    func `A big file that changes while it is copied fails, and its row stays unmarked`(change: Change) async throws {
        let fixture = try PipelineFixture()
        try fixture.addFiles(4)
        let bad = try fixture.add(uid: "bad", bytes: PipelineFile.bytes(3 << 20, seed: 9))
        var world = try fixture.world()
        var hooked = PipelineHookedSources(real: world.sources)
        hooked.afterFirstPiece = { path in
            // In place: what is open sees it.
            let size = change == .grown ? bad.bytes.count + 1 : change == .shrunk ? 2 << 20 : 0
            truncate(path, off_t(size))
        }
        world.sources = hooked
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 4, failed: 1)
        #expect(outcome.failure("bad")?.reason == .changed)
        try fixture.expectSettled(fixture.files.dropLast())
        #expect(PipelineDisk.names(in: fixture.output + "/_bigFiles").isEmpty)
    }

    @Test(arguments: [Change.grown, .shrunk, .emptied, .replaced])
    func `A source that changed after it was packed is migrated as it was, and never deleted`(
        change: Change
    ) async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        try fixture.addFiles(4)
        let changing = try fixture.add(uid: "changing")
        var world = try fixture.world()
        var hooked = PipelineHookedSources(real: world.sources)
        hooked.afterRead = { if $0 == changing.path { try? change.make(changing.path, changing.bytes) } }
        world.sources = hooked
        let outcome = try await fixture.run(in: world)
        outcome.expectBooks(migrated: 5)
        #expect(outcome.result.filesDeleted == 4)
        #expect(outcome.result.filesKept == 1)
        #expect(outcome.logged("source kept", "uid=changing", changing.path, "changed"))
        try fixture.expectSettled(fixture.files)
        #expect(PipelineDisk.names(in: fixture.sources) == ["5.bin"])
    }

    @Test func `A source that is a link to a file is migrated, but the link is not deleted`() async throws {
        let fixture = try PipelineFixture()
        fixture.settings.deletesSources = true
        let bytes = PipelineFile.bytes(50, seed: 3)
        try PipelineDisk.write(bytes, to: "\(fixture.folder.path)/target")
        symlink("\(fixture.folder.path)/target", "\(fixture.sources)/link")
        try fixture.addRow(uid: "link", path: "\(fixture.sources)/link", bytes: bytes)
        let outcome = try await fixture.run()
        outcome.expectBooks(migrated: 1)
        #expect(outcome.result.filesKept == 1)
        #expect(outcome.logged("source kept", "symbolic link"))
        #expect(PipelineDisk.read("\(fixture.sources)/link") == bytes)
    }
}
