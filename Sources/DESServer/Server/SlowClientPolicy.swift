/// Decides when a client is too slow for what is held in memory for it.
///
/// Nobody is too slow while there is memory for all: else a few clients that take a little now and then would keep it from all others.
package struct SlowClientPolicy: Sendable, Equatable {
    /// What is waited for any client.
    package var grace = Duration.seconds(20)
    /// A client that takes so many bytes in each second beyond it is fast enough.
    package var bytesPerSecond: UInt64 = 64 << 10

    /// The defaults.
    package init() {}

    /// Whether an answer goes on.
    ///
    /// - Parameters:
    ///   - waited: how long pieces waited for the client, in all.
    ///   - sent: bytes.
    ///   - isCrowded: whether others wait for memory.
    func goesOn(waited: Duration, sent: UInt64, isCrowded: @autoclosure () -> Bool) -> Bool {
        waited <= grace + .seconds(Double(sent) / Double(bytesPerSecond)) || !isCrowded()
    }
}
