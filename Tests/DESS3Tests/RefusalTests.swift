import DESBase
import DESTestSupport
import Synchronization
import Testing

@testable import DESS3

/// What a real server refuses, and what is no S3 server.
@Suite struct RefusalTests {
    @Test("A wrong key is told apart from a wrong secret, and neither is shown")
    func wrongKeys() async throws {
        let unknown = try ServerAccess(accessKey: "NOSUCHKEY", secretKey: "hidden-secret")
        let wrong = try ServerAccess(secretKey: "hidden-secret")
        for (access, code) in [(unknown, S3Error.Code.invalidAccessKeyID), (wrong, .signatureDoesNotMatch)] {
            let errors = [
                await s3Error { _ = try await access.client.getObject(access.location("x")) },
                await s3Error { _ = try await access.client.headObject(access.location("x")) },
                await s3Error { _ = try await access.client.listObjects(bucket: access.bucket) },
                await s3Error { _ = try await access.client.putObject(access.location("x"), .bytes([1])) },
            ]
            for error in errors {
                #expect(error?.code == code && error?.isAccessDenied == true && error?.attempts == 1)
                #expect(error?.description.contains("hidden-secret") == false)
            }
        }
    }

    @Test("A user who may only read is refused writing and deleting, by the permission's name")
    func readOnly() async throws {
        let owner = try ServerAccess()
        _ = try await owner.client.putObject(owner.location("x"), .bytes([1]))
        let reader = try ServerAccess(
            accessKey: owner.server["READER_ACCESS_KEY"], secretKey: owner.server["READER_SECRET_KEY"])
        let location = owner.location("x")
        #expect(try await reader.client.getObject(location).bytes == [1])
        #expect(
            try await reader.client.listObjects(bucket: owner.bucket, prefix: owner.prefix).objects.count == 1)
        let write = await s3Error { _ = try await reader.client.putObject(location, .bytes([2])) }
        #expect(write?.isAccessDenied == true && write?.description.contains("s3:PutObject") == true)
        let delete = await s3Error { try await reader.client.deleteObject(location) }
        #expect(delete?.isAccessDenied == true && delete?.description.contains("s3:DeleteObject") == true)
        let upload = await s3Error { _ = try await reader.client.createMultipartUpload(location) }
        #expect(upload?.isAccessDenied == true)
        #expect(try await owner.client.getObject(location).bytes == [1])
    }

    @Test("A missing bucket is not a missing object")
    func missingBucket() async throws {
        let access = try ServerAccess(bucket: "no-such-bucket-here")
        let errors = [
            await s3Error { _ = try await access.client.getObject(access.location("x")) },
            await s3Error { _ = try await access.client.headObject(access.location("x")) },
            await s3Error { _ = try await access.client.listObjects(bucket: access.bucket) },
            await s3Error { _ = try await access.client.putObject(access.location("x"), .bytes([1])) },
        ]
        for error in errors { #expect(error?.isMissingBucket == true && error?.isNotFound == false) }
    }

    @Test("A clock that is wrong by an hour is made up for by the server's")
    func skewedClock() async throws {
        let corrections = Mutex<[Int64]>([])
        var timing = S3Timing.system()
        timing.now = { Timestamp.now().adding(seconds: 3600) }
        let access = try ServerAccess(timing: timing) { event in
            if case .clockCorrected(let seconds) = event { corrections.withLock { $0.append(seconds) } }
        }
        _ = try await access.client.putObject(access.location("x"), .bytes([1]))
        #expect(try await access.client.getObject(access.location("x")).bytes == [1])
        #expect(corrections.withLock { $0.count } == 1)
        #expect(corrections.withLock { abs(($0.first ?? 0) + 3600) } < 5)
    }

    @Test("A server of another kind is told, and its 404 is no missing object")
    func notS3() async throws {
        let target = try ServerAccess().server["PORT"]
        let proxy = try FaultProxy(target: "127.0.0.1:\(target)", arguments: ["--rate", "html=1"])
        let access = try ServerAccess(url: proxy.url)
        let errors = [
            await s3Error { _ = try await access.client.getObject(access.location("x")) },
            await s3Error { _ = try await access.client.headObject(access.location("x")) },
            await s3Error { _ = try await access.client.listObjects(bucket: access.bucket) },
        ]
        for error in errors {
            #expect(error?.code == .notS3 && error?.isNotFound == false)
            #expect(error?.description.contains("check the endpoint") == true)
        }
    }

    @Test("A host without a name, and a port where nobody listens, are told")
    func unreachable() async throws {
        let quick = S3RetryPolicy(
            firstDelay: .milliseconds(1), longestDelay: .milliseconds(2), deadline: .seconds(5), maximumAttempts: 3)
        let nameless = try ServerAccess(url: "http://no-such-host.invalid", retry: quick)
        let unknown = await s3Error { _ = try await nameless.client.listObjects(bucket: "b") }
        #expect(unknown?.code == .unknownHost && unknown?.attempts == 3)
        // Port 1 of loopback: nobody listens there.
        let closed = try ServerAccess(url: "http://127.0.0.1:1", retry: quick)
        let refused = await s3Error { _ = try await closed.client.putObject(closed.location("x"), .bytes([1])) }
        #expect(refused?.code == .cannotConnect && refused?.isOutcomeUnknown == false)
    }

    @Test("A certificate is trusted by its authority's file only, over https with and without a signed payload")
    func certificates() async throws {
        let plain = try ServerAccess()
        let proxy = try FaultProxy(target: "127.0.0.1:\(plain.server["PORT"])", arguments: ["--tls"])
        let untrusted = try ServerAccess(url: proxy.url)
        let refused = await s3Error { _ = try await untrusted.client.listObjects(bucket: untrusted.bucket) }
        #expect(refused?.code == .untrustedCertificate && refused?.attempts == 1)
        #expect(refused?.description.contains("CA file") == true)
        for signing in S3Settings.PayloadSigning.allCases {
            let trusted = try ServerAccess(
                url: proxy.url, payloadSigning: signing,
                http: HTTPSettings(authorityFile: proxy.server["CERTIFICATE"], proxy: .none))
            let location = trusted.location("secure")
            _ = try await trusted.client.putObject(location, .bytes(pattern(200_000)))
            #expect(try await trusted.client.getObject(location).bytes == pattern(200_000))
        }
        let wrongScheme = try ServerAccess(url: "https://127.0.0.1:\(plain.server["PORT"])")
        let noTLS = await s3Error { _ = try await wrongScheme.client.listObjects(bucket: "b") }
        #expect(noTLS?.code == .tlsFailed && noTLS?.attempts == 1)
    }

    @Test("IPv6 addresses are reached")
    func ipv6() async throws {
        let target = try ServerAccess().server["PORT"]
        let proxy = try FaultProxy(target: "127.0.0.1:\(target)", arguments: ["--listen", "::1"])
        let access = try ServerAccess(url: proxy.url)
        _ = try await access.client.putObject(access.location("six"), .bytes([6]))
        #expect(try await access.client.getObject(access.location("six")).bytes == [6])
    }
}
