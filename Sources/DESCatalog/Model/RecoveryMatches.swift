package import DESBase

/// Assigns rows to the keys that ask for them; a key may be asked for more than once.
package struct RecoveryMatches {
    private struct Identity: Hashable {
        let uid: ByteString
        let time: Timestamp
    }

    package private(set) var rows: [[RecoveredRow]]
    private var positions: [Identity: [Int]] = [:]
    private var times: Set<Timestamp> = []
    /// The earliest and the latest time that is asked for.
    package let timeRange: (first: Timestamp, last: Timestamp)

    package init(_ keys: [(uid: String, createdAt: Timestamp)]) {
        rows = Array(repeating: [], count: keys.count)
        var first = Timestamp.latest
        var last = Timestamp.earliest
        for (position, key) in keys.enumerated() {
            positions[Identity(uid: ByteString(key.uid), time: key.createdAt), default: []].append(position)
            times.insert(key.createdAt)
            first = min(first, key.createdAt)
            last = max(last, key.createdAt)
        }
        timeRange = (first, last)
    }

    /// The uids that are asked for, each once.
    package var uids: [String] { Set(positions.keys.map(\.uid)).map(\.text) }

    /// Gives the row to the keys of its uid and time, if there are any.
    package mutating func add(_ row: RecoveredRow) {
        guard let time = row.row.key.createdAt.timestamp, times.contains(time),
            let uid = row.row.key.uid.uidText,
            let found = positions[Identity(uid: ByteString(uid), time: time)]
        else { return }
        for position in found { rows[position].append(row) }
    }
}
