import DESServer
import DESTestSupport
import Testing

@Suite struct HealthStateTests {
    private let clock = TestClock()
    private let health: HealthState

    init() {
        health = HealthState(staleAfter: .seconds(60), clock: clock)
    }

    @Test(
        arguments: [
            (.starting, false, true, #"{"status":"starting","reason":"not ready yet"}"#),
            (.ready, true, true, #"{"status":"ok"}"#),
            (.draining, false, true, #"{"status":"draining","reason":"stopping after the work in hand"}"#),
            (.failed(reason: "no \"table\""), false, false, #"{"status":"failed","reason":"no \"table\""}"#),
        ] as [(ReadinessPhase, Bool, Bool, String)])
    func `Readiness and overall health follow the phase, liveness does not`(
        phase: ReadinessPhase, isReady: Bool, isHealthy: Bool, json: String
    ) {
        health.enter(phase)
        #expect(health.readiness.isHealthy == isReady)
        #expect(health.readiness.json == json)
        #expect(health.overall.isHealthy == isHealthy)
        #expect(health.overall.json == json)
        #expect(health.liveness.isHealthy)
        #expect(health.liveness.json == #"{"status":"ok"}"#)
    }

    @Test func `It is stale when no sign of life came for longer than the limit`() {
        health.enter(.ready)
        clock.advance(by: .seconds(60))
        #expect(health.liveness.isHealthy)
        clock.advance(by: .seconds(15))
        let stale = #"{"status":"stale","reason":"no sign of life for 1 m 15 s, the limit is 1 m 0 s"}"#
        for report in [health.liveness, health.readiness, health.overall] {
            #expect(!report.isHealthy)
            #expect(report.json == stale)
        }
        health.heartbeat()
        #expect(health.liveness.isHealthy)
        #expect(health.readiness.isHealthy)
    }

    @Test func `Entering a phase is a sign of life`() {
        clock.advance(by: .seconds(61))
        #expect(!health.liveness.isHealthy)
        health.enter(.ready)
        #expect(health.liveness.isHealthy)
    }

    @Test func `Draining never becomes ready again, a failure may`() {
        health.enter(.failed(reason: "database is away"))
        health.enter(.ready)
        #expect(health.phase == .ready)
        health.enter(.draining)
        health.enter(.ready)
        #expect(health.phase == .draining)
        health.enter(.failed(reason: "disk is full"))
        #expect(health.phase == .failed(reason: "disk is full"))
    }
}
