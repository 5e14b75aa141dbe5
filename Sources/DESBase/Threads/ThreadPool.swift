import Glibc

/// Threads for calls that block, so that those never hold up the cooperative pool.
///
/// As a task executor it runs the tasks that prefer it (`withTaskExecutorPreference`). The queue holds jobs of tasks that
/// exist anyway, so what bounds the tasks bounds it.
package final class ThreadPool: TaskExecutor {
    private let queue: any ThreadFactory.Queue

    /// - Parameters:
    ///   - name: shown by `top -H`, cut to 15 bytes by the kernel.
    ///   - count: number of threads, at least 1.
    package convenience init(name: String, count: Int) { self.init(ThreadCore(name: name, count: count)) }

    init(_ queue: any ThreadFactory.Queue) { self.queue = queue }

    deinit { queue.stop() }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        queue.enqueue { job.runSynchronously(on: executor) }
    }

    /// Runs the blocking closure on one of the threads.
    package func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withTaskExecutorPreference(self) { try await Self.call(body) }
    }

    private static func call<Result: Sendable>(_ body: @Sendable () throws -> Result) async throws -> Result {
        try body()
    }
}
