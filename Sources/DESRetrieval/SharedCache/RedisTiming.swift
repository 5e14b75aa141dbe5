/// Time and chance, handed in so that tests decide them.
package struct RedisTiming: Sendable {
    /// A clock that never goes back; its beginning does not matter. The pauses after failures are measured by it.
    package var elapsed: @Sendable () -> Duration
    /// 0 ..< 1
    package var random: @Sendable () -> Double

    package init(elapsed: @escaping @Sendable () -> Duration, random: @escaping @Sendable () -> Double) {
        self.elapsed = elapsed
        self.random = random
    }

    /// Of the system.
    package static func system() -> RedisTiming {
        let start = ContinuousClock.now
        return RedisTiming(elapsed: { start.duration(to: .now) }, random: { Double.random(in: 0..<1) })
    }
}
