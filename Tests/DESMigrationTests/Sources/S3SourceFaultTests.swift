import DESBase
import DESTestSupport
import Testing

@testable import DESMigration
@testable import DESS3

/// Through a proxy that makes requests fail.
@Suite(.serialized) struct S3SourceFaultTests {
    private let fixture: S3SourceFixture
    private let proxy: FaultProxy

    init() throws {
        fixture = try S3SourceFixture()
        proxy = try FaultProxy(target: "127.0.0.1:\(fixture.server["PORT"])")
    }

    private static let faults = [
        "reset", "lost", "truncate", "long-length", "error-500", "error-502", "error-503", "html", "expired", "skew",
    ]

    @Test("Trouble is never taken for a missing object, nor for a changed one", arguments: faults)
    func neverMissing(_ fault: String) async throws {
        let location = try await fixture.put(S3SourceFixture.bytes(50_000), "file")
        let identity = try #require(try await fixture.files().identity(of: location))
        let files = try fixture.files(url: proxy.url, attempts: 2)
        func trouble() throws { try proxy.plan(Array(repeating: fault, count: 50)) }
        // An answer to HEAD has no body that could be damaged.
        let spoilsHead = !["truncate", "long-length"].contains(fault)
        try trouble()
        #expect(await files.readFailure(location)?.reason == .unreachable)
        try trouble()
        #expect(await files.piecesFailure(location, of: identity)?.reason == .unreachable)
        try trouble()
        if spoilsHead {
            await #expect(throws: SourceError.self) { try await files.identity(of: location) }
        }
        try trouble()
        let deletion = await files.delete(location, ifStill: identity)
        try proxy.plan([])
        guard spoilsHead else {
            // Where only the answer was damaged, the deletion itself was done.
            #expect(deletion != .alreadyGone)
            return
        }
        guard case .kept = deletion else {
            Issue.record("\(deletion)")
            return
        }
        #expect(try await files.identity(of: location) == identity)
    }

    @Test(
        "A byte that is wrong on the way is noticed by the entity tag, or by reading again", arguments: [1000, 6 << 20])
    func corrupted(size: Int) async throws {
        let bytes = S3SourceFixture.bytes(size)
        let location = try await fixture.put(bytes, "file")
        let files = try fixture.files(url: proxy.url)
        try proxy.plan(["GET:corrupt"])
        let (result, read) = try await files.readAll(location, threshold: 7 << 20)
        #expect(read == bytes)
        // Always damaged: not the same twice.
        try proxy.plan(Array(repeating: "GET:corrupt", count: 50))
        let failure = await #expect(throws: SourceError.self) { try await files.readAll(location, threshold: 7 << 20) }
        #expect(failure?.reason == .unreadable)
        try proxy.plan(["GET:corrupt"])
        #expect(await files.piecesFailure(location, of: result.identity)?.reason == .unreadable)
        try proxy.plan([])
        #expect(try await files.pieces(location, of: result.identity) == bytes)
    }

    @Test("Trouble that passes goes unnoticed", arguments: faults.filter { !["html", "expired", "skew"].contains($0) })
    func passing(_ fault: String) async throws {
        let bytes = S3SourceFixture.bytes(5 << 20)
        let location = try await fixture.put(bytes, "file")
        let files = try fixture.files(url: proxy.url)
        try proxy.plan([fault, fault])
        let (result, read) = try await files.readAll(location, threshold: 6 << 20)
        #expect(read == bytes)
        try proxy.plan([fault, "GET:" + fault, "GET:" + fault])
        #expect(try await files.pieces(location, of: result.identity) == bytes)
        try proxy.plan(["HEAD:error-503", "POST:" + fault])
        #expect(await files.delete(location, ifStill: result.identity) == .deleted)
    }

    @Test("With every fifth request failing all is read and deleted as it is", arguments: [1, 2])
    func chance(_ seed: Int) async throws {
        let proxy = try FaultProxy(target: "127.0.0.1:\(fixture.server["PORT"])", seed: seed)
        try proxy.setRates(["reset": 0.05, "truncate": 0.05, "error-503": 0.05, "error-500": 0.03, "lost": 0.02])
        try await fixture.putMany(200)
        let files = try fixture.files(url: proxy.url)
        let sources = try await withThrowingTaskGroup(of: PackedSource.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let location = fixture.location("\(number)")
                    let (result, bytes) = try await files.readAll(location)
                    #expect(bytes == S3SourceFixture.bytes(10 + number % 50, seed: number))
                    return PackedSource(location: location, identity: result.identity)
                }
            }
            return try await group.reduce(into: [PackedSource]()) { $0.append($1) }
        }
        #expect(await files.delete(sources) == Array(repeating: .deleted, count: 200))
        #expect(try await fixture.names().isEmpty)
    }
}
