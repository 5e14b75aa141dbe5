/// One thread as the executor of an actor that makes blocking calls: return it from `unownedExecutor`.
///
/// A hop onto it costs about 12 µs, so hand over batches, never single rows.
package final class DedicatedThread: SerialExecutor, TaskExecutor {
    private let queue: any ThreadFactory.Queue

    /// - Parameter queue: runs one job at a time.
    init(_ queue: any ThreadFactory.Queue) { self.queue = queue }

    deinit { queue.stop() }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        queue.enqueue { job.runSynchronously(on: executor) }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
