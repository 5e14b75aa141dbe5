import DESBase
import Foundation
import Glibc
import Testing

@Suite struct ThreadPoolTests {
    @Test func `closures run on the pool's own threads`() async throws {
        let pool = ThreadPool(name: "des-test", count: 3)
        let names = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await pool.run { try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8) }
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(names == ["des-test\n"])
    }

    @Test func `an actor on a dedicated thread stays on it`() async {
        actor Owner {
            let thread = DedicatedThread(name: "des-owner")
            nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
            func threadID() -> pthread_t { pthread_self() }
        }
        let owner = Owner()
        let first = await owner.threadID()
        for _ in 0..<20 { #expect(await owner.threadID() == first) }
    }

    @Test func `an error thrown on the pool arrives`() async {
        let pool = ThreadPool(name: "des-test", count: 1)
        await #expect(throws: SystemError.self) { try await pool.run { _ = try OpenFile("/no/such/file") } }
    }
}
