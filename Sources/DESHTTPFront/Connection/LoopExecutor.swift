import NIOCore

/// Runs the tasks of a connection on the event loop that reads and writes it: a request that finds its shard's index in
/// memory is answered without a change of threads.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop

    init(_ loop: any EventLoop) { self.loop = loop }

    /// Runs a piece of a task when the loop comes to it.
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
