package import DESBase

/// Assigns rows to the keys that ask for them; a key may be asked for more than once.
package struct RecoveryMatches {
    private struct Identity: Hashable {
        /// Not the text, which would be equal to another one that only looks alike.
        let uid: [UInt8]
        let microseconds: Int64

        init(_ uid: String, _ time: Timestamp) {
            self.uid = Array(uid.utf8)
            microseconds = time.microsecondsSinceEpoch
        }
    }

    package private(set) var rows: [[RecoveredRow]]
    private var positions: [Identity: [Int]] = [:]
    private var times: Set<Int64> = []
    /// The earliest and the latest time that is asked for.
    package let timeRange: (first: Timestamp, last: Timestamp)

    package init(_ keys: [(uid: String, createdAt: Timestamp)]) {
        rows = Array(repeating: [], count: keys.count)
        var first = Timestamp.latest
        var last = Timestamp.earliest
        for (position, key) in keys.enumerated() {
            let microseconds = key.createdAt.microsecondsSinceEpoch
            positions[Identity(key.uid, key.createdAt), default: []].append(position)
            times.insert(microseconds)
            first = min(first, key.createdAt)
            last = max(last, key.createdAt)
        }
        timeRange = (first, last)
    }

    /// The uids that are asked for, each once.
    package var uids: [String] { Set(positions.keys.map(\.uid)).map { String(decoding: $0, as: UTF8.self) } }

    /// Gives the row to the keys of its uid and time, if there are any.
    package mutating func add(_ row: RecoveredRow) {
        guard let time = row.row.key.createdAt.timestamp, times.contains(time.microsecondsSinceEpoch),
            let uid = row.row.key.uid.uidText,
            let found = positions[Identity(uid, time)]
        else { return }
        for position in found { rows[position].append(row) }
    }
}
