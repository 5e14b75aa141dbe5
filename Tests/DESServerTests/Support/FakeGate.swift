import DESServer
import Synchronization

/// A gate that says what the test wants: by the header `X-API-Key`, or to all.
final class FakeGate: RequestGate {
    let decision = Mutex<GateDecision?>(nil)
    let asked = Mutex<[GateRequest]>([])

    func admit(_ request: GateRequest) -> GateDecision {
        asked.withLock { $0.append(request) }
        if let decision = decision.withLock({ $0 }) { return decision }
        return .allow(keyID: request.header("x-api-key"))
    }

    func mayRead(uid: String, keyID: String?) -> Bool { !uid.hasPrefix("private") }
}
