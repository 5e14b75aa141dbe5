/// A condition did not become true in time.
package struct WaitTimeout: Error {}

/// Waits for a condition that a server or another task brings about.
///
/// - Throws: ``WaitTimeout`` after two minutes; what the condition throws.
package func waitUntil(_ condition: () async throws -> Bool) async throws {
    let end = ContinuousClock.now + .seconds(120)
    while try await !condition() {
        guard .now < end else { throw WaitTimeout() }
        await Task.yield()
    }
}
