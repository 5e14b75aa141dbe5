/// Makes the threads of a program: the world hands it in, so that who needs threads does not decide what they are.
package struct ThreadFactory: Sendable {
    /// What runs the jobs of a pool or of a thread.
    package protocol Queue: AnyObject, Sendable {
        /// Runs the job some time after this returned, on no thread of the cooperative pool.
        func enqueue(_ job: @escaping @Sendable () -> Void)
        /// Called once, when there will be no more jobs; those that wait still run.
        func stop()
    }

    private let queue: @Sendable (_ name: String, _ count: Int) -> any Queue

    /// - Parameter queue: gets the name of the threads, and how many jobs run at the same time at most; with 1 they run in
    ///   their order.
    package init(queue: @escaping @Sendable (_ name: String, _ count: Int) -> any Queue) { self.queue = queue }

    /// Threads of the system.
    package static let system = ThreadFactory { ThreadCore(name: $0, count: $1) }

    package func pool(_ name: String, count: Int) -> ThreadPool { ThreadPool(queue(name, count)) }

    package func thread(_ name: String) -> DedicatedThread { DedicatedThread(queue(name, 1)) }
}
