import DESRouting

/// Assigns rows to the keys that ask for them; a key may be asked for more than once.
struct RecoveryMatches {
    private struct Identity: Hashable {
        let uid: String
        let microseconds: Int64
    }

    private(set) var rows: [[RecoveredRow]]
    private var positions: [Identity: [Int]] = [:]
    private var times: Set<Int64> = []
    /// The earliest and the latest time that is asked for.
    let timeRange: (first: Timestamp, last: Timestamp)

    init(_ keys: [(uid: String, createdAt: Timestamp)]) {
        rows = Array(repeating: [], count: keys.count)
        var first = Timestamp.latest
        var last = Timestamp.earliest
        for (position, key) in keys.enumerated() {
            let microseconds = key.createdAt.microsecondsSinceEpoch
            positions[Identity(uid: key.uid, microseconds: microseconds), default: []].append(position)
            times.insert(microseconds)
            first = min(first, key.createdAt)
            last = max(last, key.createdAt)
        }
        timeRange = (first, last)
    }

    /// The uids that are asked for, each once.
    var uids: Set<String> { Set(positions.keys.map(\.uid)) }

    /// Gives the row to the keys of its uid and time, if there are any.
    mutating func add(_ row: RecoveredRow) {
        guard let time = row.row.key.createdAt.timestamp, times.contains(time.microsecondsSinceEpoch),
            let uid = row.row.key.uid.uidText,
            let found = positions[Identity(uid: uid, microseconds: time.microsecondsSinceEpoch)]
        else { return }
        for position in found { rows[position].append(row) }
    }
}
