import Synchronization

/// The health of the program, told by those who work and asked by probes.
package final class HealthState: Sendable {
    private let status: Mutex<HealthStatus>
    private let elapsed: @Sendable () -> Duration

    /// Starts as live and not ready.
    ///
    /// - Parameters:
    ///   - staleAfter: how long the program may give no sign of life before it counts as hung. It must be longer than
    ///     the longest pause between two calls of ``heartbeat()``.
    ///   - clock: the default stands still while the machine sleeps, which is no hang.
    package init<C: Clock>(staleAfter: Duration = .seconds(120), clock: C = SuspendingClock())
    where C.Duration == Duration {
        let start = clock.now
        elapsed = { start.duration(to: clock.now) }
        status = Mutex(HealthStatus(staleAfter: staleAfter, startedAt: .zero))
    }

    /// The phase of the program; also a sign of life. Once draining, it is never ready again.
    package func enter(_ phase: ReadinessPhase) {
        let now = elapsed()
        status.withLock { status in
            status.enter(phase)
            status.heartbeat(at: now)
        }
    }

    /// A sign of life: progress, or an idle wait that is meant to be.
    package func heartbeat() {
        let now = elapsed()
        status.withLock { $0.heartbeat(at: now) }
    }

    /// Where the program is.
    package var phase: ReadinessPhase { status.withLock { $0.phase } }

    /// For `/health/live`: no when there was no sign of life for too long, which a restart may mend.
    package var liveness: HealthReport { report { $0.liveness(at: $1) } }

    /// For `/health/ready`: no while starting, draining, failed or stale.
    package var readiness: HealthReport { report { $0.readiness(at: $1) } }

    /// For `/health`: no only when failed or stale.
    package var overall: HealthReport { report { $0.overall(at: $1) } }

    private func report(_ answer: (HealthStatus, Duration) -> HealthReport) -> HealthReport {
        let now = elapsed()
        return status.withLock { answer($0, now) }
    }
}
