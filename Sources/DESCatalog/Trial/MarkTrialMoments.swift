import DESBase

/// From which moments on a trial looks at due rows between the oldest and the newest one.
///
/// In turns, in steps that double: onwards from the rows that were seen last, so that a gap without rows costs one step, and
/// backwards from the end. So the rows of one bad import, or those that are on hold up to some day, are left behind wherever
/// they stand.
struct MarkTrialMoments: Sendable, Equatable {
    private static let steps = 5

    private let span: Int64
    private let newest: Int64
    private var seen: Int64
    private var step = 0

    init(from oldest: Timestamp, to newest: Timestamp) {
        // Years 1 to 9999 in microseconds: far from an overflow.
        span = newest.microsecondsSinceEpoch - oldest.microsecondsSinceEpoch
        self.newest = newest.microsecondsSinceEpoch
        seen = oldest.microsecondsSinceEpoch
    }

    /// The next moment to look from; nil if there are none.
    ///
    /// - Parameter last: the latest time of the rows that were found from the moment before on, if there were any.
    mutating func next(after last: Timestamp?) -> Timestamp? {
        guard span > 0 else { return nil }
        // Steps with even numbers go onwards.
        if let last, step % 2 == 1 { seen = max(seen, last.microsecondsSinceEpoch) }
        while step < Self.steps * 2 {
            let number = Int64(step / 2)
            let isOnwards = step % 2 == 0
            step += 1
            guard isOnwards else {
                return Timestamp(microsecondsSinceEpoch: newest - span >> (2 * (Int64(Self.steps) - number)))
            }
            let moment = seen + max(1, span >> (Int64(Self.steps) - number))
            if moment <= newest { return Timestamp(microsecondsSinceEpoch: moment) }
        }
        return nil
    }
}
