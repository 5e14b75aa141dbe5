import DESBase
import DESShard
import DESTestSupport
import Foundation
import Glibc
import Testing

@testable import DESMigration

@Suite(.timeLimit(.minutes(5))) struct LocalSourceReadTests {
    private let folder: TemporaryFolder
    private let files: LocalSourceFiles

    init() throws {
        folder = try TemporaryFolder()
        files = try LocalSourceFiles()
    }

    /// What was read, and the buffer's content, which held three bytes before.
    private func read(
        _ location: String, threshold: UInt64 = 1 << 20
    ) throws(SourceError) -> (read: SourceRead, bytes: [UInt8]) {
        let buffer = ByteBuffer()
        [1, 2, 3].withUnsafeBytes { buffer.append($0) }
        let before = buffer.count
        do throws(SourceError) {
            let read = try files.read(location, bigFileThreshold: threshold, into: buffer)
            return (read, Array(buffer.bytes.dropFirst(before)))
        } catch {
            #expect(buffer.count == before, "the buffer is as it was")
            throw error
        }
    }

    private func reason(_ location: String) -> FailureReason? {
        #expect(throws: SourceError.self) { _ = try read(location) }?.reason
    }

    @Test func `a sparse file of a terabyte is a big file, and nothing is read of it`() throws {
        let path = try folder.write("sparse")
        try OpenFile(path, .readWrite).truncate(to: 1 << 40)
        guard case .bigFile(let identity) = try read(path).read else {
            Issue.record("expected a big file")
            return
        }
        #expect(identity.size == 1 << 40)
    }

    @Test func `a file URL is a path`() throws {
        let path = try folder.write("a file", "text")
        #expect(try read("file://\(path)").bytes == Array("text".utf8))
    }

    @Test func `nothing there is missing, under a file as well`() throws {
        let path = try folder.write("file")
        #expect(reason(folder("none")) == .missing)
        #expect(reason(folder("none/deeper")) == .missing)
        #expect(reason("\(path)/below") == .missing)
        #expect(reason("") == .missing)
        #expect(reason("relative-that-does-not-exist") == .missing)
    }

    @Test func `a directory, a FIFO and a device are no regular files, and nobody waits for them`() throws {
        mkfifo(folder("fifo"), 0o600)
        #expect(reason(folder.path) == .notRegular)
        #expect(reason(folder("fifo")) == .notRegular)
        for device in ["/dev/null", "/dev/zero", "/dev/tty"] { #expect(reason(device) == .notRegular) }
        let error = #expect(throws: SourceError.self) { _ = try read(folder("fifo")) }
        #expect(error?.message == "cannot read \(folder("fifo")): it is a FIFO")
    }

    @Test func `a link to a file is followed, a dangling one is missing, a loop is unreadable`() throws {
        let path = try folder.write("file", "linked")
        try folder.link("link", to: path)
        try folder.link("dangling", to: folder("none"))
        try folder.link("loop", to: folder("loop"))
        try folder.link("to-fifo", to: folder("fifo"))
        mkfifo(folder("fifo"), 0o600)
        let (found, bytes) = try read(folder("link"))
        #expect(bytes == Array("linked".utf8))
        #expect(found == .contents(try FileSystem.existingStatus(path).identity))
        #expect(reason(folder("dangling")) == .missing)
        #expect(reason(folder("loop")) == .unreadable)
        #expect(reason(folder("to-fifo")) == .notRegular)
    }

    @Test func `what cannot be read is an error that says why`() throws {
        #expect(reason(folder(String(repeating: "n", count: 300))) == .unreadable)
        // A regular file, as the system says, of which nobody can read the first byte.
        let error = #expect(throws: SourceError.self) { _ = try read("/proc/self/mem") }
        #expect(error?.reason == .unreadable)
        #expect(error?.message == "cannot read /proc/self/mem: Input/output error")
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func `without permission a file is unreadable`() throws {
        let path = try folder.write("secret")
        chmod(path, 0)
        #expect(reason(path) == .unreadable)
    }

    @Test func `a location with a NUL byte is no path`() {
        #expect(reason(folder("a\u{0}b")) == .invalidRow)
        #expect(reason("\u{0}") == .invalidRow)
    }

    @Test func `an object in S3 is a location that this build cannot read`() {
        #expect(reason("s3://bucket/key") == .unsupportedLocation)
    }

    @Test func `relative locations are read from the base folder, and its roots hold for them`() throws {
        let path = try folder.write("in", "based")
        let based = try LocalSourceFiles(roots: [folder.path], base: folder.path)
        #expect(try based.identity(of: "in") == FileSystem.existingStatus(path).identity)
        #expect(based.absences(of: ["none", "gone/none"]).first == .certain)
        let buffer = ByteBuffer(capacity: 16)
        let error = #expect(throws: SourceError.self) {
            try based.read("../../../../../../etc/hostname", bigFileThreshold: 1 << 20, into: buffer)
        }
        #expect(error?.reason == .outsideRoots || error?.reason == .missing)
    }

    /// Its size is said to be 0.
    @Test func `a file that holds more than its size says has changed`() {
        #expect(reason("/proc/self/status") == .changed)
    }

    /// Its size is said to be a page.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/sys/kernel/mm/transparent_hugepage/enabled")))
    func `a file that holds less than its size says has changed`() {
        #expect(reason("/sys/kernel/mm/transparent_hugepage/enabled") == .changed)
    }

    @Test func `a file that is replaced all the time is read whole as one of them, or has changed`() async throws {
        let path = try folder.write("file", [UInt8](repeating: 0, count: 50_000))
        let isDone = UnitShared(false)
        let writer = Task { [folder] in
            var round: UInt8 = 1
            while !isDone.value {
                try folder.write("new", [UInt8](repeating: round, count: 50_000 + Int(round) * 16))
                guard rename(folder("new"), path) == 0 else { throw SystemError.last("rename", path) }
                round = round % 100 + 1
            }
        }
        for _ in 0..<500 {
            do throws(SourceError) {
                let (found, bytes) = try read(path)
                guard case .contents(let identity) = found else { continue }
                #expect(identity.size == Int64(bytes.count))
                #expect(Set(bytes).count == 1, "bytes of one file only")
                #expect(bytes.count == 50_000 + Int(bytes[0]) * 16)
            } catch {
                #expect(error.reason == .changed)
            }
        }
        isDone.change { $0 = true }
        try await writer.value
    }
}
