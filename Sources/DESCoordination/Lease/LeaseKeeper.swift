/// Renews a lease until it is lost or the task is cancelled.
package struct LeaseKeeper: Sendable {
    private let length: Duration
    private let clock: any Clock<Duration>

    package init(length: Duration, clock: any Clock<Duration>) {
        self.length = length
        self.clock = clock
    }

    /// - Parameters:
    ///   - renew: asks for another term; false if somebody else has the work.
    ///   - onFailure: told when there was no answer.
    /// - Returns: true when the lease is lost, false when the task was cancelled.
    package func run(
        _ renew: @Sendable () async throws -> Bool, onFailure: @Sendable (any Error) -> Void
    ) async -> Bool {
        await run(on: clock, renew, onFailure)
    }

    private func run<C: Clock<Duration>>(
        on clock: C, _ renew: @Sendable () async throws -> Bool, _ onFailure: @Sendable (any Error) -> Void
    ) async -> Bool {
        let start = clock.now
        var state = LeaseState(length: length, grantedAt: .zero)
        while !Task.isCancelled {
            let now = start.duration(to: clock.now)
            switch state.action(at: now) {
            case .lost: return true
            case .wait(let until):
                do { try await clock.sleep(until: start.advanced(by: until), tolerance: nil) } catch { return false }
            case .renew:
                do {
                    if try await renew() { state.renewed(requestedAt: now) } else { state.refused() }
                } catch {
                    guard !Task.isCancelled else { return false }
                    onFailure(error)
                    state.failed(at: start.duration(to: clock.now))
                }
            }
        }
        return false
    }
}
