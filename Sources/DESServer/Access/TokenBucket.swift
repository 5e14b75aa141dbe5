/// Lets through so many in the long run, and some at once after a pause. Knows no clock: it is told the time.
struct TokenBucket: Sendable, Equatable {
    /// Tokens that a second brings; more than 0.
    let perSecond: Double
    /// Most tokens; at least 1.
    let capacity: Double
    private var tokens: Double
    private var updatedAt: Duration

    /// A full bucket.
    init(perSecond: Double, capacity: Double, now: Duration) {
        self.perSecond = perSecond
        self.capacity = max(1, capacity)
        tokens = self.capacity
        updatedAt = now
    }

    /// Takes a token.
    ///
    /// - Returns: nil if there was one, else how long it takes until there is; then nothing was taken.
    mutating func take(now: Duration) -> Duration? {
        // A clock that goes back brings nothing and takes nothing.
        if now > updatedAt {
            tokens = min(capacity, tokens + (now - updatedAt) / .seconds(1) * perSecond)
            updatedAt = now
        }
        // What a sum of fractions lacks to 1 is less than anybody can wait for.
        guard tokens < 1 - 1e-9 else {
            tokens = max(0, tokens - 1)
            return nil
        }
        return .seconds((1 - tokens) / perSecond)
    }
}
