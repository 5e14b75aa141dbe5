import DESBase
import DESTestSupport
import Glibc
import Testing

@testable import DESMigration

@Suite struct ChangeWatchTests {
    private static func identity(changedAt: Int64) -> FileIdentity {
        FileIdentity(device: 1, inode: 2, size: 3, modifiedAtNanoseconds: 4, changedAtNanoseconds: changedAt)
    }

    private static let second: Int64 = 1_000_000_000
    private static let moment: Int64 = 1_700_000_000 * second + 5

    @Test(arguments: [
        (ReadLease.taken, 0, true), (.taken, 1, false), (.taken, second, false),
        (.isBeingWritten, 3600 * second, true),
        (.unavailable, 60 * second, true), (.unavailable, 60 * second + 1, false),
        // Its clock is ahead of ours: nothing is known.
        (.taken, -second, true), (.unavailable, -second, true),
    ]) func `what the times cannot show yet counts as a possible change`(
        lease: ReadLease, age: Int64, mayChange: Bool
    ) {
        #expect(
            ChangeWatch.mayChangeUnseen(Self.identity(changedAt: Self.moment), lease: lease, now: Self.moment + age)
                == mayChange)
    }

    @Test func `where times are whole seconds two of them must pass`() {
        let identity = Self.identity(changedAt: 1_700_000_000 * Self.second)
        #expect(ChangeWatch.mayChangeUnseen(identity, lease: .taken, now: 1_700_000_002 * Self.second))
        #expect(!ChangeWatch.mayChangeUnseen(identity, lease: .taken, now: 1_700_000_003 * Self.second))
    }

    @Test func `a file that somebody has open for writing, or mapped, is not at rest`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("file")
        let watch = ChangeWatch { FileClock.now() + 3600 * Self.second }
        func mayChange() throws -> Bool {
            let file = try OpenFile(path)
            return watch.mayChangeUnseen(try file.status().identity, file)
        }
        // Where the file system has no leases the rule is one of time, which has passed here.
        guard try OpenFile(path).takeReadLease() != .unavailable else { return }
        #expect(try !mayChange())
        let descriptor = open(path, O_RDWR)
        #expect(try mayChange())
        let mapping = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        close(descriptor)
        #expect(try mayChange())
        munmap(mapping, 4096)
        #expect(try !mayChange())
    }
}
