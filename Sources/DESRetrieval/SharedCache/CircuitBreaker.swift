/// Decides when something that fails is tried again: after a pause that grows with each failure, by one try at first.
/// Knows no clock: times are counted from any moment that stays the same.
struct CircuitBreaker: Sendable {
    /// Lets its holder try, and report how it went; a report is believed only while the state is that of the permission.
    struct Permit: Sendable, Hashable {
        fileprivate let epoch: Int
    }

    private enum State: Sendable {
        /// All may try. Becomes open by a failure.
        case closed
        /// Nobody may try until then; the first one after that makes it trying.
        case open(until: Duration)
        /// One tries, the others may not. Becomes closed or open by that one's report.
        case trying
    }

    private let firstPause: Duration
    private let longestPause: Duration
    private var state = State.closed
    private var epoch = 0
    private var failures = 0

    init(firstPause: Duration = .seconds(1), longestPause: Duration = .seconds(30)) {
        self.firstPause = firstPause
        self.longestPause = longestPause
    }

    /// Whether all may try.
    var isClosed: Bool { if case .closed = state { true } else { false } }

    /// Whether a report with that permission would be believed.
    func isValid(_ permit: Permit) -> Bool { permit.epoch == epoch }

    /// Asks for permission to try; nil: not now. Who has it must report.
    mutating func admit(at now: Duration) -> Permit? {
        switch state {
        case .closed: break
        case .open(let until):
            guard now >= until else { return nil }
            change(to: .trying)
        case .trying: return nil
        }
        return Permit(epoch: epoch)
    }

    /// It worked.
    mutating func succeeded(_ permit: Permit) {
        guard isValid(permit), case .trying = state else { return }
        failures = 0
        change(to: .closed)
    }

    /// It did not work.
    ///
    /// - Parameter random: 0 ..< 1; the pause is shorter by up to a quarter, so that processes do not all try at once.
    /// - Returns: the pause that begins with this failure; nil if it has begun already.
    mutating func failed(_ permit: Permit, at now: Duration, random: Double) -> Duration? {
        guard isValid(permit) else { return nil }
        let pause = min(firstPause * (1 << min(failures, 20)), longestPause) * (1 - random / 4)
        failures += 1
        change(to: .open(until: now + pause))
        return pause
    }

    /// It was given up before it showed whether it works; if it was the one try, the next one may come at once.
    mutating func abandoned(_ permit: Permit, at now: Duration) {
        guard isValid(permit), case .trying = state else { return }
        change(to: .open(until: now))
    }

    private mutating func change(to next: State) {
        state = next
        epoch += 1
    }
}
