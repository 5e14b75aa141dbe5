import DESBase
import Synchronization

/// Remembers what deleting one name of a file changed of its other names: the time of its last change, so that the second of
/// two hard links is still known as the file that was packed.
final class OwnChanges: Sendable {
    /// Files that are remembered; of more, the second link stays.
    private static let mostFiles = 100_000

    private struct Change {
        let packed: FileIdentity
        let now: FileIdentity
    }

    private let changes = Mutex<[NodeID: Change]>([:])

    /// A name of the file was removed, which has others.
    ///
    /// - Parameters:
    ///   - packed: what was packed.
    ///   - now: its state since.
    func note(_ packed: FileIdentity, now: FileIdentity) {
        changes.withLock { changes in
            guard changes.count < Self.mostFiles || changes[packed.node] != nil else { return }
            changes[packed.node] = Change(packed: packed, now: now)
        }
    }

    /// Whether a state differs from what was packed only by what was noted.
    func explain(_ found: FileIdentity, from packed: FileIdentity) -> Bool {
        guard let change = changes.withLock({ $0[packed.node] }) else { return false }
        return change.packed == packed && change.now == found
    }
}
