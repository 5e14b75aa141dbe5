import CODBC
import Synchronization

/// Which call runs on a connection, so that a cancelled task cancels its own statement and no other's.
///
/// `@unchecked Sendable` is not needed: the statement's address is kept as a number. It is freed only by the thread that
/// began it, after `end`, and `end` waits while a cancellation uses it.
final class ODBCActivity: Sendable {
    final class Call: Sendable {}

    private struct State {
        var call: Call?
        var statement: UInt?
    }

    private let state = Mutex(State())

    /// From now on statements belong to that call; nil when it is over.
    func run(_ call: Call?) { state.withLock { $0 = State(call: call) } }

    func begin(_ statement: SQLHSTMT) { state.withLock { $0.statement = UInt(bitPattern: statement) } }

    func end() { state.withLock { $0.statement = nil } }

    /// Cancels the statement that runs for the call, if one does. May connect to the server, and block.
    func cancel(_ call: Call) {
        state.withLock { state in
            guard state.call === call, let statement = state.statement, let handle = SQLHSTMT(bitPattern: statement)
            else { return }
            SQLCancel(handle)
        }
    }

    /// Whether a statement runs for the call.
    func isRunning(_ call: Call) -> Bool { state.withLock { $0.call === call && $0.statement != nil } }
}
