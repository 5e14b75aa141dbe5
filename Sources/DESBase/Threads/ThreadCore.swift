import CLinux
import Glibc

/// A queue of closures and the threads that run them; the threads end after `stop` when the queue is empty.
///
/// `@unchecked Sendable`: every access to `queue`, `head` and `isStopped` happens between lock and unlock of `mutex`, and
/// the two primitives live at addresses that never move.
final class ThreadCore: ThreadFactory.Queue, @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var queue: [@Sendable () -> Void] = []
    private var head = 0
    private var isStopped = false

    /// - Parameter count: number of threads, at least 1.
    init(name: String, count: Int) {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(condition, nil)
        for _ in 0..<max(1, count) { startThread(name: name) }
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    func enqueue(_ job: @escaping @Sendable () -> Void) {
        pthread_mutex_lock(mutex)
        queue.append(job)
        pthread_mutex_unlock(mutex)
        pthread_cond_signal(condition)
    }

    func stop() {
        pthread_mutex_lock(mutex)
        isStopped = true
        pthread_mutex_unlock(mutex)
        pthread_cond_broadcast(condition)
    }

    /// Starts one detached thread, which keeps this object alive until it ends.
    private func startThread(name: String) {
        let context = ThreadStart(core: self, name: name)
        var thread = pthread_t()
        let result = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
                des_name_thread(start.name)
                start.core.runUntilStopped()
                return nil
            },
            Unmanaged.passRetained(context).toOpaque()
        )
        guard result == 0 else { ThreadShortage.end(name, error: result) }
        pthread_detach(thread)
    }

    private func runUntilStopped() {
        while let job = next() { job() }
    }

    private func next() -> (@Sendable () -> Void)? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while head == queue.count {
            if isStopped { return nil }
            pthread_cond_wait(condition, mutex)
        }
        let job = queue[head]
        queue[head] = {}
        head += 1
        if head == queue.count {
            queue.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1024 && head * 2 > queue.count {
            queue.removeFirst(head)
            head = 0
        }
        return job
    }
}

private final class ThreadStart {
    let core: ThreadCore
    let name: String

    init(core: ThreadCore, name: String) {
        self.core = core
        self.name = name
    }
}
