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

/// Does the same for all cases at once: for what waits for a clock that is not ours, as that of a database.
package func atOnce<Case: Sendable>(
    _ cases: [Case], _ body: @escaping @Sendable (Case) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for one in cases { group.addTask { try await body(one) } }
        try await group.waitForAll()
    }
}
