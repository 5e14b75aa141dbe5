import CCurl
import Glibc
import Synchronization

/// What the callers of a transport and its thread share.
///
/// `@unchecked Sendable`: all but the inbox is constant; the thread alone uses `multi`, and what wakes it is raised under the
/// mutex and never after the thread has closed the inbox.
final class CurlCore: @unchecked Sendable {
    struct Inbox {
        var submitted: [CurlTransfer] = []
        var cancelled: [CurlTransfer] = []
        var isStopping = false
        /// The thread waits, or is about to.
        var isWaiting = false
        /// The thread takes nothing any more.
        var isClosed = false

        var isEmpty: Bool { submitted.isEmpty && cancelled.isEmpty && !isStopping }
    }

    let multi: UnsafeMutableRawPointer
    let epoll: CInt
    /// What wakes the thread.
    private let bell: CInt
    private let inbox = Mutex(Inbox())

    /// Takes the multi handle; nil if there are no descriptors left.
    init?(multi: UnsafeMutableRawPointer) {
        self.multi = multi
        epoll = epoll_create1(CInt(O_CLOEXEC))
        bell = des_event_create(epoll)
        guard epoll >= 0, bell >= 0 else {
            curl_multi_cleanup(multi)
            closeDescriptors()
            return nil
        }
    }

    /// The thread's last act.
    func closeDescriptors() {
        for descriptor in [bell, epoll] where descriptor >= 0 { Glibc.close(descriptor) }
    }

    /// Hands a transfer to the thread; one that cannot be carried out any more ends at once.
    func submit(_ transfer: CurlTransfer) {
        let refusal: (any Error)? = inbox.withLock { inbox in
            if transfer.isCancelled { return CancellationError() }
            if inbox.isClosed || inbox.isStopping { return HTTPError(.closed, "the transport was closed") }
            transfer.isSubmitted = true
            inbox.submitted.append(transfer)
            wake(&inbox)
            return nil
        }
        if let refusal { transfer.continuation?.resume(throwing: refusal) }
    }

    /// Ends a transfer, if it has not ended.
    func cancel(_ transfer: CurlTransfer) {
        inbox.withLock { inbox in
            transfer.isCancelled = true
            guard transfer.isSubmitted, !inbox.isClosed else { return }
            inbox.cancelled.append(transfer)
            wake(&inbox)
        }
    }

    /// Ends the thread and all that is on its way.
    func stop() {
        inbox.withLock { inbox in
            inbox.isStopping = true
            wake(&inbox)
        }
    }

    private func wake(_ inbox: inout Inbox) {
        guard inbox.isWaiting, !inbox.isClosed else { return }
        inbox.isWaiting = false
        des_event_raise(bell)
    }

    /// What has come since the last time.
    func take() -> Inbox {
        inbox.withLock { inbox in
            inbox.isWaiting = false
            guard !inbox.isEmpty else { return inbox }
            let taken = inbox
            inbox.submitted = []
            inbox.cancelled = []
            return taken
        }
    }

    /// Whether the thread may wait: nothing has come. From then on whoever brings something wakes it.
    func mayWait() -> Bool {
        inbox.withLock { inbox in
            inbox.isWaiting = inbox.isEmpty
            return inbox.isWaiting
        }
    }

    /// Refuses everything from now on; gives what came last.
    func close() -> [CurlTransfer] {
        inbox.withLock { inbox in
            inbox.isClosed = true
            defer { inbox.submitted = [] }
            return inbox.submitted
        }
    }
}
