import DESHTTPFront
import DESRetrieval
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import DESServer

/// How bodies of batches are decoded.
@Suite(.timeLimit(.minutes(5))) struct BatchBodyTests {
    private final class Flag: Sendable {
        let value = Mutex(false)
    }

    private static let file = #"{"uid":"a","created_at":"2024-01-02T03:04:05Z"}"#

    private func body(_ count: Int) -> ByteBuffer {
        ByteBuffer(string: #"{"files":["# + Array(repeating: Self.file, count: count).joined(separator: ",") + "]}")
    }

    @Test func `A large body is decoded on another thread, a small one at once`() async throws {
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        let reader = BatchBodyReader(threads: threads)
        let isBusy = DispatchSemaphore(value: 0)
        threads.submit { _ in isBusy.wait() }
        let small = try await reader.request(body(10))
        #expect(small.files.count == 10)
        let isDone = Flag()
        try await withThrowingTaskGroup(of: Void.self) { group in
            let large = body(5000)
            group.addTask {
                let request = try await reader.request(large)
                #expect(request.files.count == 5000)
                isDone.value.withLock { $0 = true }
            }
            for _ in 0..<1000 { await Task.yield() }
            let isEarly = isDone.value.withLock { $0 }
            #expect(!isEarly)
            isBusy.signal()
            try await group.waitForAll()
        }
        try await threads.shutdownGracefully()
    }

    @Test func `More large bodies than may be decoded at a time are decoded one after the other`() async throws {
        let large = body(5000)
        let reader = BatchBodyReader(threads: .singleton, bytes: 100)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { try await reader.request(large).files.count } }
            for try await count in group { #expect(count == 5000) }
        }
    }

    @Test(
        arguments: [
            "[]", "{}", "1,", #"{"uid":"a","created_at":"b"},"#, #""":1,"#, "[", #"{"a":"#,
        ])
    func `What would become very much in memory is refused before it is decoded`(value: String) throws {
        let text = #"{"files":["# + String(repeating: value, count: 250_000)
        do {
            _ = try BatchRequest(ByteBuffer(string: text))
            Issue.record("it was taken")
        } catch {
            #expect(error.status == .contentTooLarge)
        }
    }

    @Test func `What stands in strings is no value`() throws {
        let uid = String(repeating: #"[{,\"\\,"#, count: 100)
        let file = #"{"uid":"\#(uid)","created_at":"2024-01-02T03:04:05Z","more":[1,{"a":2}]}"#
        let text = #"{"files":["# + Array(repeating: file, count: 10_000).joined(separator: ",") + "]}"
        let request = try BatchRequest(ByteBuffer(string: text))
        #expect(request.files.count == 10_000)
        #expect(request.files[0].uid == String(repeating: #"[{,"\,"#, count: 100))
    }
}
