import Glibc

/// What to do when the system lets a process start no more threads (`ulimit -u`, `TasksMax` of systemd, the `pids` limit of a
/// container, too little address space for their stacks).
package enum ThreadShortage {
    /// How many threads of that number can be there at the same time, beside those that are. They end before this returns.
    package static func startable(of count: Int) -> Int {
        let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(gate, nil)
        defer {
            pthread_mutex_destroy(gate)
            gate.deallocate()
        }
        var threads: [pthread_t] = []
        pthread_mutex_lock(gate)
        while threads.count < count {
            var thread = pthread_t()
            let result = pthread_create(
                &thread, nil,
                { argument in
                    guard let gate = argument?.assumingMemoryBound(to: pthread_mutex_t.self) else { return nil }
                    // Until all are there.
                    pthread_mutex_lock(gate)
                    pthread_mutex_unlock(gate)
                    return nil
                }, gate)
            guard result == 0 else { break }
            threads.append(thread)
        }
        pthread_mutex_unlock(gate)
        for thread in threads { pthread_join(thread, nil) }
        return threads.count
    }

    /// Ends the process with a message: without one of its threads an executor would wait for ever. What was begun is found by
    /// the next start, as after any other end.
    package static func end(_ thread: String, error: Int32) -> Never {
        let reason = SystemError(code: error, operation: "start", subject: "the thread \(thread)")
        let message = "\(reason); raise \(limits). The next start goes on with what was begun\n"
        _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
        _exit(1)
    }

    /// What an operator can raise.
    package static let limits =
        "the limit of threads (ulimit -u, TasksMax of systemd, pids of the container) or of address space (ulimit -v)"
}
