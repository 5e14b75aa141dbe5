import DESBase
import DESTestSupport
import Synchronization
import Testing

@testable import DESS3

/// A real server behind a proxy that makes requests fail.
@Suite struct FaultTests {
    private let proxy: FaultProxy
    private let access: ServerAccess

    init() throws {
        proxy = try FaultProxy(target: "127.0.0.1:\(try S3TestServer.shared()["PORT"])", seed: 7)
        access = try ServerAccess(url: proxy.url)
    }

    @Test(
        "A read is repeated until it is whole",
        arguments: [
            "reset", "lost", "truncate", "short-length", "long-length", "error-500", "error-502", "error-503", "delay",
            "moved", "expired",
        ])
    func reading(_ fault: String) async throws {
        let (location, bytes) = (access.location("x"), pattern(300_000))
        _ = try await access.client.putObject(location, .bytes(bytes))
        try proxy.plan([fault])
        let range = try await access.client.getObject(location, range: .bytes(1000..<200_000))
        #expect(range.bytes == Array(bytes[1000..<200_000]))
        try proxy.plan([fault, "none", fault])
        let pieces = Collected()
        _ = try await access.client.getObject(location, range: .from(5)) { pieces.append($0) }
        #expect(pieces.bytes == Array(bytes[5...]))
        try proxy.plan([fault, fault])
        #expect(try await access.client.headObject(location).size == 300_000)
        try proxy.plan([fault])
        #expect(try await access.client.listObjects(bucket: access.bucket, prefix: access.prefix).objects.count == 1)
        try proxy.plan([fault])
        try await access.client.deleteObject(location)
        #expect(await s3Error { _ = try await access.client.headObject(location) }?.isNotFound == true)
    }

    @Test("A request that was refused for the time is signed again by the server's clock, and then by the right one")
    func skewedClock() async throws {
        let (location, bytes) = (access.location("x"), pattern(1000))
        _ = try await access.client.putObject(location, .bytes(bytes))
        // The proxy's clock is an hour ahead, the server's is not: two corrections.
        try proxy.plan(["skew"])
        #expect(try await access.client.getObject(location).bytes == bytes)
        #expect(try proxy.log().suffix(3).count == 3)
    }

    @Test("A download that breaks goes on where it was, each byte once")
    func resuming() async throws {
        let (location, bytes) = (access.location("x"), pattern(2_000_000))
        _ = try await access.client.putObject(location, .bytes(bytes))
        try proxy.plan(Array(repeating: "truncate", count: 5))
        let pieces = Collected()
        _ = try await access.client.getObject(location) { pieces.append($0) }
        #expect(pieces.bytes == bytes)
        let tries = try proxy.log().filter { $0.hasPrefix("GET") }
        #expect(tries.count == 6)
    }

    @Test("A long download that breaks goes on as long as it gets somewhere, also after the time for trying again")
    func resumingLate() async throws {
        let (location, bytes) = (access.location("x"), pattern(2_000_000))
        _ = try await access.client.putObject(location, .bytes(bytes))
        let time = Mutex(Duration.zero)
        let timing = S3Timing(
            now: Timestamp.now, elapsed: { time.withLock { $0 } }, sleep: { _ in }, random: { 0.5 })
        let slow = try ServerAccess(url: proxy.url, timing: timing)
        try proxy.plan(Array(repeating: "truncate", count: 5))
        let pieces = Collected()
        _ = try await slow.client.getObject(location) { piece in
            time.withLock { $0 += .seconds(3600) }
            pieces.append(piece)
        }
        #expect(pieces.bytes == bytes)
    }

    @Test("A download of an object that is replaced meanwhile is an error, not a mixture")
    func replaced() async throws {
        let location = access.location("x")
        _ = try await access.client.putObject(location, .bytes(pattern(2_000_000)))
        let direct = try ServerAccess()
        let paused = S3Timing(
            now: Timestamp.now, elapsed: { .zero },
            sleep: { _ in _ = try await direct.client.putObject(location, .bytes(pattern(2_000_000, seed: 9))) },
            random: { 0 })
        let slow = try ServerAccess(url: proxy.url, timing: paused)
        try proxy.plan(["truncate"])
        let error = await s3Error { _ = try await slow.client.getObject(location) { _ in } }
        #expect(error?.code == .objectChanged)
    }

    @Test(
        "A write that was certainly not done is repeated", arguments: ["reset", "error-503", "corrupt-upload"])
    func repeatedWrite(_ fault: String) async throws {
        let (location, bytes) = (access.location("x"), pattern(4_000_000))
        try proxy.plan([fault])
        _ = try await access.client.putObject(location, .bytes(bytes), S3WriteOptions(isCreateOnly: true))
        #expect(try await access.client.getObject(location).bytes == bytes)
        #expect(try proxy.log().filter { $0.hasPrefix("PUT") }.count == 2)
    }

    @Test(
        "A write whose answer is lost is sent once only, and its outcome is unknown",
        arguments: ["lost", "error-502"], [0, 10, 4_000_000])
    func lostAnswer(_ fault: String, _ size: Int) async throws {
        let location = access.location("x")
        // A kept connection, which libcurl by itself would give a second chance.
        _ = try await access.client.putObject(access.location("before"), .bytes([1]))
        try proxy.plan([fault])
        let error = await s3Error {
            _ = try await access.client.putObject(
                location, .bytes(pattern(size)), S3WriteOptions(isCreateOnly: true))
        }
        #expect(error?.isOutcomeUnknown == true)
        #expect(try proxy.log().filter { $0.hasPrefix("PUT") }.count == 2)
        #expect(try await access.client.headObject(location).size == UInt64(size))
    }

    @Test("An upload in parts whose completion is not answered is left to the caller, who finds the object")
    func lostCompletion() async throws {
        let location = access.location("x")
        let upload = try await access.client.createMultipartUpload(location)
        try proxy.plan(["lost", "error-500", "truncate"])
        let part = try await access.client.uploadPart(upload, number: 1, .bytes(pattern(100_000)))
        try proxy.plan(["POST:lost"])
        let error = await s3Error { _ = try await access.client.completeMultipartUpload(upload, parts: [part]) }
        #expect(error?.isOutcomeUnknown == true)
        #expect(try await access.client.headObject(location).size == 100_000)
        let again = try await access.client.createMultipartUpload(location)
        let parts = [try await access.client.uploadPart(again, number: 1, .bytes(pattern(100)))]
        try proxy.plan(["POST:truncate"])
        let cut = await s3Error { _ = try await access.client.completeMultipartUpload(again, parts: parts) }
        #expect(cut?.isOutcomeUnknown == true)
    }

    @Test("Deletions are repeated, and each key has its result", arguments: ["reset", "lost", "truncate", "error-503"])
    func deletions(_ fault: String) async throws {
        let keys = (0..<5).map { access.prefix + String($0) }
        for key in keys {
            _ = try await access.client.putObject(S3Location(bucket: access.bucket, key: key), .bytes([1]))
        }
        try proxy.plan([fault])
        let results = try await access.client.deleteObjects(bucket: access.bucket, keys.map { S3Deletion($0) })
        #expect(results.allSatisfy { (try? $0.get()) != nil })
        #expect(try await access.client.listObjects(bucket: access.bucket, prefix: access.prefix).objects.isEmpty)
    }

    @Test("What the server asks to wait is waited for")
    func retryAfter() async throws {
        let delays = Mutex<[Duration]>([])
        var timing = S3Timing.system()
        timing.sleep = { delay in delays.withLock { $0.append(delay) } }
        timing.random = { 0 }
        let access = try ServerAccess(url: proxy.url, timing: timing)
        try proxy.plan(["error-503-later"])
        _ = try await access.client.putObject(access.location("x"), .bytes([1]))
        #expect(delays.withLock { $0 } == [.seconds(1)])
    }

    @Test("A transfer that stands still is given up and repeated")
    func stalled() async throws {
        let settings = HTTPSettings(stallTime: .seconds(1), proxy: .none)
        let access = try ServerAccess(url: proxy.url, http: settings)
        let (location, bytes) = (access.location("x"), pattern(500_000))
        _ = try await access.client.putObject(location, .bytes(bytes))
        try proxy.plan(["stall"])
        #expect(try await access.client.getObject(location).bytes == bytes)
        #expect(try proxy.log().filter { $0.hasPrefix("GET") }.count == 2)
    }

    @Test("A cancelled request ends at once, whether it is on its way or waits")
    func cancellation() async throws {
        let settings = HTTPSettings(requestsPerHost: 1, stallTime: .seconds(600), proxy: .none)
        let access = try ServerAccess(url: proxy.url, http: settings)
        let location = access.location("x")
        _ = try await access.client.putObject(location, .bytes(pattern(500_000)))
        try proxy.plan(["stall"])
        let (began, begin) = AsyncStream<Void>.makeStream()
        let first = Task {
            try await access.client.getObject(location) { _ in begin.yield() }
        }
        for await _ in began { break }
        let second = Task { try await access.client.getObject(location) }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        first.cancel()
        await #expect(throws: CancellationError.self) { _ = try await first.value }
        // The place is free again.
        #expect(try await access.client.getObject(location).bytes.count == 500_000)
    }

    @Test(
        "A certain part of all requests may fail in any way, and what was written is what is read",
        arguments: [1, 2, 3])
    func chance(_ seed: Int) async throws {
        let proxy = try FaultProxy(
            target: "127.0.0.1:\(access.server["PORT"])", seed: seed, arguments: ["--delay", "0.02"])
        let retries = Mutex(0)
        let access = try ServerAccess(url: proxy.url) { event in
            if case .retrying = event { retries.withLock { $0 += 1 } }
        }
        try proxy.setRates([
            "reset": 0.03, "reset-upload": 0.03, "lost": 0.03, "truncate": 0.03, "corrupt-upload": 0.02,
            "long-length": 0.02, "error-500": 0.02, "error-503": 0.03, "delay": 0.02, "error-502": 0.01,
        ])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<8 {
                group.addTask {
                    for number in 0..<12 {
                        let bytes = pattern(1 + number * 20_000, seed: UInt64(worker * 100 + number))
                        try await settle(access, access.location("\(worker)/\(number)"), bytes)
                    }
                }
            }
            try await group.waitForAll()
        }
        var (found, continuation) = (0, String?.none)
        repeat {
            let page = try await access.client.listObjects(
                bucket: access.bucket, prefix: access.prefix, continuation: continuation, limit: 30)
            found += page.objects.count
            continuation = page.continuation
        } while continuation != nil
        #expect(found == 96)
        #expect(retries.withLock { $0 } > 3)
    }
}

/// Writes as a store does: an outcome that is unknown is settled by looking.
private func settle(_ access: ServerAccess, _ location: S3Location, _ bytes: [UInt8]) async throws {
    while true {
        do {
            _ = try await access.client.putObject(location, .bytes(bytes), S3WriteOptions(isCreateOnly: true))
            break
        } catch let error as S3Error where error.isOutcomeUnknown || error.isPreconditionFailed {
            do {
                let there = try await access.client.headObject(location)
                #expect(there.etag == PayloadDigests.of(bytes, .md5).md5?.hexadecimal)
                break
            } catch let error as S3Error where error.isNotFound {
                // Not done: once more.
            }
        }
    }
    let read = try await access.client.getObject(location)
    #expect(read.bytes == bytes)
}
