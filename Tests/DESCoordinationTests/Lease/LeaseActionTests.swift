import DESCoordination
import Testing

@Suite("Lease state")
struct LeaseActionTests {
    private func state() -> LeaseState { LeaseState(length: .seconds(60), grantedAt: .seconds(100)) }

    @Test(
        "A lease is renewed when a third of it is over, and also after its end",
        arguments: [(100, LeaseState.Action.wait(until: .seconds(120))), (119, .wait(until: .seconds(120)))]
            + [(120, .renew), (159, .renew), (160, .renew), (100_000, .renew)])
    func renewal(second: Int, action: LeaseState.Action) {
        #expect(state().action(at: .seconds(second)) == action)
    }

    @Test("A renewal counts from the moment when it was asked for, not from its answer")
    func renewed() {
        var state = state()
        state.renewed(requestedAt: .seconds(125))
        #expect(state.action(at: .seconds(144)) == .wait(until: .seconds(145)))
        #expect(state.action(at: .seconds(145)) == .renew)
        state.failed(at: .seconds(184))
        #expect(state.action(at: .seconds(185)) == .wait(until: .seconds(190)))
        state.failed(at: .seconds(185))
        #expect(state.action(at: .seconds(185)) == .lost)
    }

    @Test("A refusal ends it, whatever the time")
    func refused() {
        var state = state()
        state.refused()
        #expect([0, 100, 120, 500].map { state.action(at: .seconds($0)) } == Array(repeating: .lost, count: 4))
    }

    @Test("Without an answer it is tried ten times a lease, and lost at the first failure after the lease's end")
    func failed() {
        var state = state()
        for second in stride(from: 120, to: 160, by: 6) {
            #expect(state.action(at: .seconds(second)) == .renew)
            state.failed(at: .seconds(second))
            #expect(state.action(at: .seconds(second)) == .wait(until: .seconds(second + 6)))
        }
        #expect(state.action(at: .seconds(162)) == .renew)
        state.failed(at: .seconds(162))
        #expect(state.action(at: .seconds(162)) == .lost)
    }

    @Test("After a failure a renewal that succeeds counts fully, even after the end")
    func recovered() {
        var state = state()
        state.failed(at: .seconds(130))
        state.renewed(requestedAt: .seconds(500))
        #expect(state.action(at: .seconds(501)) == .wait(until: .seconds(520)))
        state.failed(at: .seconds(559))
        #expect(state.action(at: .seconds(565)) == .renew)
    }
}
