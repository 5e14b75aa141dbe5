import DESBase
import Foundation
import Glibc
import Synchronization
import DESTestSupport
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
            let thread = ThreadFactory.system.thread("des-owner")
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

    /// What stands in for threads, and remembers what became of it.
    private final class OwnQueue: ThreadFactory.Queue {
        static let key = DispatchSpecificKey<String>()
        let jobs = Atomic(0)
        let isStopped = Atomic(false)
        private let queue: DispatchQueue

        init(_ name: String) {
            queue = DispatchQueue(label: name)
            queue.setSpecific(key: Self.key, value: name)
        }

        func enqueue(_ job: @escaping @Sendable () -> Void) {
            jobs.add(1, ordering: .relaxed)
            queue.async(execute: job)
        }

        func stop() { isStopped.store(true, ordering: .relaxed) }
    }

    @Test func `what a factory is given runs the jobs of its pools and threads, and is stopped when they go`()
        async throws
    {
        actor Owner {
            let thread: DedicatedThread
            init(_ thread: DedicatedThread) { self.thread = thread }
            nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }
            func queue() -> String? { DispatchQueue.getSpecific(key: OwnQueue.key) }
        }
        let queues = Mutex<[OwnQueue]>([])
        let threads = ThreadFactory { name, count in
            let queue = OwnQueue("\(name) \(count)")
            queues.withLock { $0.append(queue) }
            return queue
        }
        var pool: ThreadPool? = threads.pool("pool", count: 3)
        var owner: Owner? = Owner(threads.thread("thread"))
        #expect(try await pool?.run { DispatchQueue.getSpecific(key: OwnQueue.key) } == "pool 3")
        #expect(await owner?.queue() == "thread 1")
        let made = queues.withLock { $0 }
        #expect(made.allSatisfy { $0.jobs.load(ordering: .relaxed) > 0 && !$0.isStopped.load(ordering: .relaxed) })
        (pool, owner) = (nil, nil)
        try await waitUntil { made.allSatisfy { $0.isStopped.load(ordering: .relaxed) } }
    }
}
