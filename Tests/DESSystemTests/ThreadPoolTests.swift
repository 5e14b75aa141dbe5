import DESSystem
import Foundation
import Glibc
import Synchronization
import Testing

@Suite struct ThreadPoolTests {
    @Test func `closures run on the pool's own threads`() async throws {
        let pool = ThreadPool(name: "des-test", count: 3)
        let names = Mutex<Set<String>>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    let name = try await pool.run {
                        try String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
                    }
                    names.withLock { _ = $0.insert(name) }
                }
            }
            try await group.waitForAll()
        }
        #expect(names.withLock { $0 } == ["des-test\n"])
    }

    @Test func `an actor on a dedicated thread stays on it`() async {
        actor Owner {
            let thread = DedicatedThread(name: "des-owner")
            nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
            func threadID() -> Int { Int(syscallThreadID()) }
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

private func syscallThreadID() -> pid_t { gettid() }
