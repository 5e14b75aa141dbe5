import DESS3
import DESStorage
import DESTestSupport
import Testing

@Suite("A store in S3 behind a bad network", .timeLimit(.minutes(5)))
struct S3FaultTests {
    let fixture: S3Fixture
    let proxy: FaultProxy

    init() throws {
        fixture = try S3Fixture()
        proxy = try FaultProxy(target: "127.0.0.1:\(fixture.server["PORT"])", seed: 3)
    }

    @Test(
        "Whatever happens to one request, the file is there, and was written once",
        arguments: [
            "PUT:lost", "PUT:reset", "PUT:reset-upload", "PUT:error-500", "PUT:error-502", "PUT:error-503",
            "PUT:corrupt-upload", "PUT:truncate", "HEAD:lost", "HEAD:error-503", "HEAD:html",
        ], [1000, 12 << 20])
    func once(fault: String, size: Int) async throws {
        let store = try fixture.store(url: proxy.url)
        let bytes = S3Fixture.bytes(size)
        try proxy.plan([fault])
        let outcome = await store.publish([try fixture.staged("k", bytes)])[0]
        let again = await store.publish([try fixture.staged("k", bytes)])[0]
        if let error = outcome.error {
            // The caller tries again, but not after a page that is not S3's answer.
            #expect(error.isTransient || fault.hasSuffix("html"), "\(error)")
            #expect(again.error == nil)
        } else {
            #expect(outcome == .success(.created))
            #expect(again == .success(.alreadyThere))
        }
        #expect(try await store.read("k", range: 0..<UInt64(size)) == bytes)
        try await store.prepare()
        #expect(try await uploads().isEmpty)
    }

    @Test(
        "A lost answer to the completion is settled by looking",
        arguments: ["lost", "error-500", "error-502", "truncate", "reset"])
    func completion(fault: String) async throws {
        let store = try fixture.store(url: proxy.url)
        // The first POST begins the upload.
        try proxy.plan(["HEAD:none", "POST:none", "POST:\(fault)"])
        let outcome = await store.publish([try fixture.staged("k", S3Fixture.bytes(7 << 20))])[0]
        #expect(outcome == .success(.created) || outcome.error?.isTransient == true)
        let again = await store.publish([try fixture.staged("k", S3Fixture.bytes(7 << 20))])[0]
        #expect(again.error == nil)
        try await store.prepare()
        #expect(try await uploads().isEmpty)
    }

    @Test(
        "An upload whose beginning was answered to nobody is not left behind",
        arguments: ["lost", "truncate", "error-502"])
    func lostBeginning(fault: String) async throws {
        let store = try fixture.store(url: proxy.url)
        try proxy.plan(["POST:\(fault)"])
        #expect(await store.publish([try fixture.staged("k", S3Fixture.bytes(7 << 20))]) == [.success(.created)])
        #expect(try await uploads().isEmpty)
        #expect(try fixture.folder.names(in: "uploads") == [])
    }

    @Test("Half of all requests fail, and every file arrives once")
    func half() async throws {
        let store = try fixture.store(url: proxy.url)
        try proxy.setRates([
            "lost": 0.1, "reset": 0.1, "error-503": 0.1, "error-500": 0.05, "truncate": 0.05, "corrupt-upload": 0.05,
            "reset-upload": 0.05,
        ])
        let files = try (0..<60).map { try fixture.staged("k\($0)", S3Fixture.bytes(1000 + $0)) }
        var left = files
        var rounds = 0
        while !left.isEmpty, rounds < 20 {
            rounds += 1
            let outcomes = await store.publish(left)
            for outcome in outcomes { #expect(outcome.error.map(\.isTransient) ?? true) }
            left = zip(left, outcomes).compactMap { $1.error == nil ? nil : $0 }
        }
        #expect(left.isEmpty)
        try proxy.setRates([:])
        for (number, file) in files.enumerated() {
            #expect(try await store.read(file.key) == S3Fixture.bytes(1000 + number))
        }
    }

    @Test("An upload that a dead process began is aborted at the next start, and no other")
    func abandoned() async throws {
        let store = try fixture.store()
        let client = try fixture.client()
        let mine = try await client.createMultipartUpload(location("mine"))
        let others = try await client.createMultipartUpload(location("others"))
        _ = try await UploadJournal(folder: fixture.folder("uploads"), threads: fixture.threads).add(mine.location)
        try fixture.folder.write("uploads/half.upload", "abc")
        try await store.prepare()
        #expect(try await uploads().map(\.id) == [others.id])
        #expect(try fixture.folder.names(in: "uploads") == [])
        let left = try await store.unfinishedUploads(after: nil)
        #expect(left.uploads.map(\.key) == ["others"] && left.next == nil)
        #expect((left.uploads.first?.beganAt ?? 0) > 1_700_000_000)
        for upload in left.uploads { try await store.abort(upload) }
        #expect(try await uploads().isEmpty)
    }

    private func location(_ key: String) -> S3Location {
        S3Location(bucket: fixture.server["BUCKET"], key: fixture.prefix + key)
    }

    private func uploads() async throws -> [S3Upload] {
        try await fixture.client().listMultipartUploads(bucket: fixture.server["BUCKET"], prefix: fixture.prefix)
            .uploads
    }
}
