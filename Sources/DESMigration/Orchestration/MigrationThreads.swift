import DESBase

/// The threads of a migration: none of them belongs to the cooperative pool.
struct MigrationThreads: Sendable {
    let reading: ThreadPool
    let compressing: ThreadPool
    let sealing: ThreadPool
    /// Staging and cleanup.
    let files: ThreadPool
    let writeback: ThreadPool
    let appending: [DedicatedThread]

    init(_ plan: PipelinePlan, from threads: ThreadFactory) {
        reading = threads.pool("des-read", count: plan.readers)
        compressing = threads.pool("des-compress", count: plan.compressors)
        sealing = threads.pool("des-seal", count: plan.sealers)
        files = threads.pool("des-files", count: 2)
        writeback = threads.pool("des-writeback", count: 1)
        appending = (0..<plan.appenders).map { _ in threads.thread("des-append") }
    }
}
