import DESCoordination
import Testing

/// When a lease is renewed, and when it is lost.
@Suite struct LeaseStateTests {
    private func lease() -> LeaseState { LeaseState(length: .seconds(30), grantedAt: .seconds(100)) }

    @Test func `It is renewed after a third of its length, counted from the request`() {
        var state = lease()
        #expect(state.action(at: .seconds(100)) == .wait(until: .seconds(110)))
        #expect(state.action(at: .seconds(110)) == .renew)
        state.renewed(requestedAt: .seconds(110))
        #expect(state.action(at: .seconds(115)) == .wait(until: .seconds(120)))
    }

    @Test func `Without an answer it is asked again soon, and lost when the lease has ended`() {
        var state = lease()
        state.failed(at: .seconds(112))
        #expect(state.action(at: .seconds(113)) == .wait(until: .seconds(115)))
        state.failed(at: .seconds(129))
        #expect(state.action(at: .seconds(132)) == .renew)
        state.failed(at: .seconds(132))
        #expect(state.action(at: .seconds(132)) == .lost)
    }

    @Test func `After a pause longer than the lease the answer decides`() {
        var state = lease()
        #expect(state.action(at: .seconds(900)) == .renew)
        state.renewed(requestedAt: .seconds(900))
        #expect(state.action(at: .seconds(901)) == .wait(until: .seconds(910)))
        state.refused()
        #expect(state.action(at: .seconds(901)) == .lost)
    }
}
