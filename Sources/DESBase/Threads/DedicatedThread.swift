/// One thread as the executor of an actor that makes blocking calls: return it from `unownedExecutor`.
///
/// A hop onto it costs about 12 µs, so hand over batches, never single rows.
package final class DedicatedThread: SerialExecutor, TaskExecutor {
    private let core = ThreadCore()

    package init(name: String) { core.startThread(name: name) }

    deinit { core.stop() }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let executor = asUnownedSerialExecutor()
        core.enqueue { job.runSynchronously(on: executor) }
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
}
