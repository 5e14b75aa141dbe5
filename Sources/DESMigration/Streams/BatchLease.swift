import Synchronization

/// Runs something once the last of several users is done, for example giving a batch's buffers back.
final class BatchLease: Sendable {
    private let users: Atomic<Int>
    private let onRelease: @Sendable () -> Void

    /// - Parameter users: how many times `done` will be called.
    init(users: Int, onRelease: @escaping @Sendable () -> Void) {
        self.users = Atomic(users)
        self.onRelease = onRelease
    }

    /// One user is done.
    func done() {
        if users.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { onRelease() }
    }
}
