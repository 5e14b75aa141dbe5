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

    init(_ plan: PipelinePlan) {
        reading = ThreadPool(name: "des-read", count: plan.readers)
        compressing = ThreadPool(name: "des-compress", count: plan.compressors)
        sealing = ThreadPool(name: "des-seal", count: plan.sealers)
        files = ThreadPool(name: "des-files", count: 2)
        writeback = ThreadPool(name: "des-writeback", count: 1)
        appending = (0..<plan.appenders).map { _ in DedicatedThread(name: "des-append") }
    }
}
