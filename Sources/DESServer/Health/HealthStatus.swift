import DESTelemetry

/// What the program says of its readiness.
package enum ReadinessPhase: Sendable, Equatable {
    /// It recovers, connects, or has not begun.
    case starting
    /// It works, or waits for the next cycle.
    case ready
    /// It was asked to stop and finishes what it holds.
    case draining
    /// It cannot work, for this reason, which is shown to whoever asks: no secrets.
    case failed(reason: String)
}

/// One answer to a probe.
package struct HealthReport: Sendable, Equatable {
    /// Whether the answer is yes: 200, else 503.
    package let isHealthy: Bool
    /// One word: `ok`, `starting`, `draining`, `failed` or `stale`.
    package let status: String
    /// More than the word says, for people.
    package let reason: String?

    /// Any answer; the reason is shown to whoever asks: no secrets.
    package init(isHealthy: Bool, status: String, reason: String?) {
        self.isHealthy = isHealthy
        self.status = status
        self.reason = reason
    }

    /// The body of the answer: `{"status":"ok"}` or `{"status":"failed","reason":"…"}`.
    package var json: String {
        let reason = reason.map { ",\"reason\":\($0.jsonQuoted)" } ?? ""
        return "{\"status\":\(status.jsonQuoted)\(reason)}"
    }
}

/// Decides what probes are told. Knows no clock: each question brings the time.
struct HealthStatus: Sendable {
    /// Changes as the program says: starting → ready → draining; failed from anywhere, and back to ready. Draining never
    /// goes back to ready: a cycle that ends while the program stops must not call traffic in again.
    private(set) var phase = ReadinessPhase.starting
    private var lastHeartbeat: Duration
    private let staleAfter: Duration

    init(staleAfter: Duration, startedAt: Duration) {
        self.staleAfter = staleAfter
        self.lastHeartbeat = startedAt
    }

    mutating func enter(_ next: ReadinessPhase) {
        if phase == .draining, next == .ready || next == .starting { return }
        phase = next
    }

    mutating func heartbeat(at time: Duration) {
        lastHeartbeat = max(lastHeartbeat, time)
    }

    func liveness(at time: Duration) -> HealthReport {
        let silence = time - lastHeartbeat
        guard silence > staleAfter else { return HealthReport(isHealthy: true, status: "ok", reason: nil) }
        return HealthReport(
            isHealthy: false, status: "stale",
            reason: "no sign of life for \(silence.humanReadable), the limit is \(staleAfter.humanReadable)")
    }

    func readiness(at time: Duration) -> HealthReport {
        let liveness = liveness(at: time)
        guard liveness.isHealthy else { return liveness }
        return switch phase {
        case .starting: HealthReport(isHealthy: false, status: "starting", reason: "not ready yet")
        case .ready: HealthReport(isHealthy: true, status: "ok", reason: nil)
        case .draining: HealthReport(isHealthy: false, status: "draining", reason: "stopping after the work in hand")
        case .failed(let reason): HealthReport(isHealthy: false, status: "failed", reason: reason)
        }
    }

    /// Healthy unless stale or failed: starting and draining are healthy ways to be, and a probe that restarts the program
    /// on this answer must not cut a drain short.
    func overall(at time: Duration) -> HealthReport {
        let readiness = readiness(at: time)
        if readiness.status == "starting" || readiness.status == "draining" {
            return HealthReport(isHealthy: true, status: readiness.status, reason: readiness.reason)
        }
        return readiness
    }
}
