import DESBase
import DESTestSupport
import Foundation
import Glibc
import Testing

@testable import DESMigration

@Suite struct StagingLockTests {
    private let folder: TemporaryFolder
    private let staging: StagingFolder

    init() throws {
        folder = try TemporaryFolder()
        staging = StagingFolder(path: folder("staging"))
    }

    @Test func `the second one is refused, and told which process works there`() throws {
        let lock = try StagingLock(folder: staging)
        let error = #expect(throws: StagingLockError.self) { _ = try StagingLock(folder: staging) }
        #expect(
            error?.description
                == "another process (process \(getpid())) works in the staging folder \(staging.path); "
                + "wait for it, or give this one its own packer.staging_dir"
        )
        // Being refused changes nothing for the first one.
        #expect(try folder.bytes(of: "staging/lock") == Array(StagingLockText(process: getpid(), store: nil).text.utf8))
        #expect(throws: StagingLockError.self) { _ = try StagingLock(folder: staging) }
        withExtendedLifetime(lock) {}
    }

    @Test func `of two that begin on a new folder in one instant the loser is told of the other one`() async throws {
        for round in 0..<200 {
            let staging = StagingFolder(path: folder("round-\(round)"))
            let results = await withTaskGroup(of: Result<StagingLock, StagingLockError>.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        do throws(StagingLockError) { return .success(try StagingLock(folder: staging)) } catch {
                            return .failure(error)
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            for case .failure(let error) in results {
                #expect(error.description.hasPrefix("another process"), "\(error)")
            }
            #expect(results.contains { (try? $0.get()) != nil })
        }
    }

    @Test func `when the holder has gone the next one gets it`() throws {
        do { _ = try StagingLock(folder: staging) }
        _ = try StagingLock(folder: staging)
    }

    @Test func `two folders are two locks`() throws {
        let lock = try StagingLock(folder: staging)
        let other = try StagingLock(folder: StagingFolder(path: folder("other")))
        withExtendedLifetime((lock, other)) {}
    }

    @Test(arguments: ["4194304\n", "", "\0\0\0"])
    func `a lock file that a dead process left is taken over`(left: String) throws {
        try folder.folder("staging")
        try folder.write("staging/lock", left)
        let lock = try StagingLock(folder: staging)
        #expect(StagingLockText(try folder.bytes(of: "staging/lock")) == StagingLockText(process: getpid(), store: nil))
        withExtendedLifetime(lock) {}
    }

    @Test func `the store that a lock file names outlives the process`() throws {
        try folder.folder("staging")
        try folder.write("staging/lock", "4194304\nstore 01M7Y0EYB2\n")
        let lock = try StagingLock(folder: staging)
        let text = StagingLockText(process: getpid(), store: "01M7Y0EYB2")
        #expect(try folder.bytes(of: "staging/lock") == Array(text.text.utf8))
        withExtendedLifetime(lock) {}
    }

    @Test(arguments: [
        ("1\nstore a\n", StagingLockText(process: 1, store: "a")), ("1\n", StagingLockText(process: 1, store: nil)),
        ("1\nstore a", StagingLockText(process: 1, store: nil)), ("1\nsto", StagingLockText(process: 1, store: nil)),
        ("\0\0", StagingLockText(process: nil, store: nil)), ("1\nshop a\n", nil),
        ("1\nstore a b\n", StagingLockText(process: 1, store: "a b")),
        ("1\n2\n", nil),
        // Written over a longer one, and killed before the rest was cut off.
        ("0000000001\nstore a\nbc\n", StagingLockText(process: 1, store: "a")), ("key: value\n", nil),
    ])
    func `a lock file is known by what it says, also if a power failure took a part`(
        text: String, expected: StagingLockText?
    ) {
        #expect(StagingLockText(Array(text.utf8)) == expected)
        if let expected { #expect(StagingLockText(Array(expected.text.utf8)) == expected) }
    }

    @Test(arguments: ["lock", "20240102_00_0000.des", "notes.txt"])
    func `a folder that was made for something else is refused, and nothing in it is touched`(name: String) throws {
        try folder.folder("staging")
        try folder.write("staging/\(name)", "no number of a process")
        let error = #expect(throws: StagingLockError.self) { _ = try StagingLock(folder: staging) }
        #expect(error?.description.contains(staging.path) == true)
        #expect(try folder.bytes(of: "staging/\(name)") == Array("no number of a process".utf8))
    }

    @Test func `the folder is created, but not those above it: a disk may not be mounted`() throws {
        let lock = try StagingLock(folder: staging)
        #expect(try FileSystem.status(staging.path)?.kind == .directory)
        #expect(throws: StagingLockError.self) { _ = try StagingLock(folder: StagingFolder(path: folder("a/staging"))) }
        #expect(try FileSystem.status(folder("a")) == nil)
        withExtendedLifetime(lock) {}
    }

    private static let shard = "20240101_FF_01M7Y0EYB2ZY0JP6ES967REN9Z.des"

    @Test(arguments: [["bigfile-1.open"], [shard + ".open"], [shard, shard + ".open"], ["workers"], ["uploads"]])
    func `a staging folder whose lock a power failure took is known by what is in it`(names: [String]) throws {
        try folder.folder("staging")
        for name in names { try folder.write("staging/\(name)") }
        _ = try StagingLock(folder: staging)
    }

    @Test(arguments: [[shard], [shard + ".open", "notes.txt"], ["a.open"], ["bigfile-x.open"]])
    func `published shards, and whatever else is there, make no staging folder`(names: [String]) throws {
        try folder.folder("staging")
        for name in names { try folder.write("staging/\(name)") }
        #expect(throws: StagingLockError.self) { _ = try StagingLock(folder: staging) }
        #expect(try FileSystem.names(in: staging.path) == names.sorted())
    }

    @Test(arguments: ["file", "file/staging"]) func `a file in the place of the folder is an error that says so`(
        name: String
    ) throws {
        try folder.write("file")
        let error = #expect(throws: StagingLockError.self) {
            _ = try StagingLock(folder: StagingFolder(path: folder(name)))
        }
        #expect(error?.description.hasPrefix("cannot use the staging folder \(folder(name)): cannot ") == true)
        #expect(error?.description.hasSuffix("Not a directory") == true)
        #expect(try folder.bytes(of: "file") == Array("content".utf8))
    }

    @Test func `a folder in the place of the lock file is an error`() throws {
        try folder.folder("staging/lock")
        let error = #expect(throws: StagingLockError.self) { _ = try StagingLock(folder: staging) }
        #expect(error?.description.hasPrefix("cannot use the staging folder \(staging.path): ") == true)
    }

    /// Not even root can create something there.
    @Test func `a place where nothing can be created is an error`() {
        let error = #expect(throws: StagingLockError.self) {
            _ = try StagingLock(folder: StagingFolder(path: "/proc/self/staging"))
        }
        #expect(error?.description.hasPrefix("cannot use the staging folder /proc/self/staging: ") == true)
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
    func `a folder without write permission is an error`() throws {
        try folder.folder("staging")
        chmod(staging.path, 0o500)
        defer { chmod(staging.path, 0o700) }
        let error = #expect(throws: StagingLockError.self) { _ = try StagingLock(folder: staging) }
        #expect(error?.description.hasSuffix("Permission denied") == true)
    }
}

@Suite struct StagingFolderTests {
    @Test func `leftovers are told apart by their names, and what is not ours is left alone`() throws {
        let folder = try TemporaryFolder()
        let suffix = "01M7Y0EYB2ZY0JP6ES967REN9Z"
        let sealed = ["20240101_FF_\(suffix).des", "20240102_00_\(suffix).des"]
        let ours = sealed + ["20240102_01_\(suffix).des.open", "bigfile-1.open", "20240102_02_\(suffix).des.damaged"]
        let foreign = ["20240102_00_0000.des", "lock", "notes.txt", "x.des", "a.open", "bigfile-x.open", ".des.swp"]
        for name in ours + foreign { try folder.write(name) }
        let leftovers = try StagingFolder(path: folder.path).leftovers()
        #expect(leftovers.sealed == sealed)
        #expect(leftovers.unfinished == ["20240102_01_\(suffix).des.open", "bigfile-1.open"])
        #expect(leftovers.damaged == ["20240102_02_\(suffix).des.damaged"])
        #expect(try folder.names() == (ours + foreign).sorted())
    }

    @Test func `an empty folder has none, and a missing one is an error`() throws {
        let folder = try TemporaryFolder()
        #expect(try StagingFolder(path: folder.path).leftovers() == StagingFolder.Leftovers())
        #expect(throws: SystemError.self) { try StagingFolder(path: folder("missing")).leftovers() }
    }

    @Test func `a shard's two names lie in the folder`() {
        let staging = StagingFolder(path: "/s")
        #expect(staging.openPath("a.des") == "/s/a.des.open")
        #expect(staging.sealedPath("a.des") == "/s/a.des")
    }
}
