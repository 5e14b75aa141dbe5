import Glibc

/// Threads for calls that block, so that those never hold up the cooperative pool.
///
/// As a task executor it runs the tasks that prefer it (`withTaskExecutorPreference`). The queue holds jobs of tasks that
/// exist anyway, so what bounds the tasks bounds it.
package final class ThreadPool: TaskExecutor {
    private let core: ThreadCore

    /// - Parameters:
    ///   - name: shown by `top -H`, cut to 15 bytes by the kernel.
    ///   - count: number of threads, at least 1.
    package init(name: String, count: Int) {
        core = ThreadCore()
        for _ in 0..<max(1, count) { core.startThread(name: name) }
    }

    deinit { core.stop() }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedTaskExecutor()
        core.enqueue { job.runSynchronously(on: executor) }
    }

    /// Runs the blocking closure on one of the threads.
    package func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withTaskExecutorPreference(self) { try await Self.call(body) }
    }

    private static func call<Result: Sendable>(_ body: @Sendable () throws -> Result) async throws -> Result {
        try body()
    }
}
