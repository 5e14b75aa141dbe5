import DESBase
import DESConfiguration
import NIOHTTP1
import Synchronization
import Testing

@testable import DESServer

/// Time that stands still until a test moves it.
private final class TestClock: Sendable {
    private let time = Mutex<(date: Int64, elapsed: Duration)>((1_800_000_000, .seconds(7)))

    func advance(seconds: Int64) {
        time.withLock {
            $0.date += seconds
            $0.elapsed += .seconds(seconds)
        }
    }

    var clock: APIKeyGate.Clock {
        .init(
            date: { Timestamp(microsecondsSinceEpoch: self.time.withLock { $0.date } * 1_000_000) },
            elapsed: { self.time.withLock { $0.elapsed } })
    }
}

private func key(
    _ text: String, read: Bool = true, prefixes: [String]? = nil, rate: Double? = nil, burst: Double? = nil,
    expires: Int64? = nil
) -> APIKeyConfiguration {
    APIKeyConfiguration(
        id: "id-\(text)", digest: APIKeySet.digest(text), canRead: read, prefixes: prefixes, requestsPerSecond: rate,
        burst: burst, expiresAt: expires.map { Timestamp(microsecondsSinceEpoch: $0 * 1_000_000) })
}

private func request(uid: String? = "doc-1", _ headers: [(String, String)]) -> GateRequest {
    GateRequest(method: "GET", path: "/files/x", uid: uid, headers: HTTPHeaders(headers))
}

private func bearer(_ key: String) -> [(String, String)] { [("Authorization", "Bearer \(key)")] }

extension GateDecision {
    fileprivate var reason: GateDenial.Reason? {
        guard case .deny(let denial) = self else { return nil }
        return denial.reason
    }
}

@Suite struct APIKeyGateTests {
    private let time = TestClock()

    private func gate(_ keys: [APIKeyConfiguration]) -> APIKeyGate { APIKeyGate(APIKeySet(keys), clock: time.clock) }

    static let accepted: [[(String, String)]] = [
        [("Authorization", "Bearer two")], [("authorization", "bearer two")], [("Authorization", "BEARER   two ")],
        [("X-API-Key", "two")], [("x-api-key", "\ttwo ")], [("X-API-Key", "two"), ("Authorization", "Bearer two")],
        [("X-API-Key", "two"), ("Authorization", "Basic dXNlcjpwYXNz")],
        [("X-API-Key", " "), ("Authorization", "Bearer two")],
    ]

    @Test("a key is accepted in both headers, however they are written", arguments: accepted)
    func isAccepted(_ headers: [(String, String)]) {
        #expect(gate([key("one"), key("two"), key("three")]).admit(request(headers)) == .allow(keyID: "id-two"))
    }

    static let refused: [[(String, String)]] = [
        [], [("Authorization", "two")], [("Authorization", "Bearer")], [("Authorization", "Bearer ")],
        [("Authorization", "Basic two")], [("Authorization", "Bearertwo")], bearer("tw"), bearer("two2"), bearer("TWO"),
        bearer("two two"), bearer(String(repeating: "x", count: 100_000)), [("X-API-Key", "")],
        [("X-API-Key", "one"), ("Authorization", "Bearer two")], bearer("two") + bearer("two"),
        [("X-API-Key", "two"), ("X-API-Key", "two")], [("Cookie", "key=two")],
    ]

    @Test("without a key that we know nobody is let in", arguments: refused)
    func isRefused(_ headers: [(String, String)]) {
        let decision = gate([key("one"), key("two")]).admit(request(headers))
        #expect(decision.reason == .unauthorized)
        #expect(!"\(decision)".contains("two2"))
    }

    @Test("a gate without keys lets nobody in", arguments: ["", "x"])
    func empty(_ text: String) {
        #expect(gate([]).admit(request(bearer(text))).reason == .unauthorized)
    }

    @Test("each of many keys is found")
    func many() {
        let keys = (0..<500).map { key("k\($0)") }
        let set = APIKeySet(keys)
        for number in 0..<500 { #expect(set.key(presented: "k\(number)")?.id == "id-k\(number)") }
        #expect(set.key(presented: "k500") == nil)
    }

    @Test("a key reads only uids that begin with one of its prefixes, alone and in a batch")
    func prefixes() {
        let gate = gate([key("k", prefixes: ["inv-", "2026/é"])])
        for (uid, isAllowed) in [
            ("inv-1", true), ("inv-", true), ("2026/é1", true), ("2026/e\u{301}1", false),
            ("INV-1", false), ("xinv-1", false), ("inv", false), ("", false),
        ] {
            #expect((gate.admit(request(uid: uid, bearer("k"))) == .allow(keyID: "id-k")) == isAllowed)
            #expect(gate.mayRead(uid: uid, keyID: "id-k") == isAllowed)
        }
        #expect(gate.admit(request(uid: "other", bearer("k"))).reason == .forbidden)
        #expect(gate.admit(request(uid: nil, bearer("k"))) == .allow(keyID: "id-k"))
        #expect(!gate.mayRead(uid: "inv-1", keyID: nil))
        #expect(!gate.mayRead(uid: "inv-1", keyID: "id-other"))
    }

    @Test("a key that may not read is known, but reads nothing", arguments: ["doc-1", nil])
    func noRead(_ uid: String?) {
        let gate = gate([key("k", read: false)])
        #expect(gate.admit(request(uid: uid, bearer("k"))).reason == .forbidden)
        #expect(!gate.mayRead(uid: "doc-1", keyID: "id-k"))
    }

    @Test("a key is not known any more from the moment that it expires")
    func expiry() {
        let gate = gate([key("k", expires: 1_800_000_002)])
        #expect(gate.admit(request(bearer("k"))).reason == nil)
        time.advance(seconds: 1)
        #expect(gate.admit(request(bearer("k"))).reason == nil)
        time.advance(seconds: 1)
        #expect(gate.admit(request(bearer("k"))).reason == .unauthorized)
    }

    @Test("above its rate a key is told when to come back; other keys are not touched")
    func rate() {
        let gate = gate([key("slow", rate: 0.2, burst: 2), key("other", rate: 1)])
        for _ in 0..<2 { #expect(gate.admit(request(bearer("slow"))).reason == nil) }
        guard case .deny(let denial) = gate.admit(request(bearer("slow"))) else {
            Issue.record("not limited")
            return
        }
        #expect(denial.reason == .tooManyRequests)
        #expect(denial.retryAfterSeconds == 5)
        #expect(denial.keyID == "id-slow")
        #expect(gate.admit(request(bearer("other"))).reason == nil)
        time.advance(seconds: 5)
        #expect(gate.admit(request(bearer("slow"))).reason == nil)
    }

    @Test("what a key may not do counts towards its rate as well")
    func forbiddenCounts() {
        let gate = gate([key("k", prefixes: ["a"], rate: 1)])
        #expect(gate.admit(request(uid: "b", bearer("k"))).reason == .forbidden)
        #expect(gate.admit(request(uid: "a", bearer("k"))).reason == .tooManyRequests)
    }

    @Test("new keys count at once; a used-up rate stays used up unless its limits change")
    func replacing() {
        let gate = gate([key("old"), key("slow", rate: 1)])
        #expect(gate.admit(request(bearer("slow"))).reason == nil)
        gate.replaceKeys(APIKeySet([key("new"), key("slow", rate: 1)]))
        #expect(gate.admit(request(bearer("old"))).reason == .unauthorized)
        #expect(!gate.mayRead(uid: "doc", keyID: "id-old"))
        #expect(gate.admit(request(bearer("new"))).reason == nil)
        #expect(gate.admit(request(bearer("slow"))).reason == .tooManyRequests)
        gate.replaceKeys(APIKeySet([key("slow", rate: 2)]))
        #expect(gate.admit(request(bearer("slow"))).reason == nil)
    }

    @Test("a rate holds for requests from many tasks at once")
    func parallel() async {
        let gate = gate([key("k", rate: 10, burst: 37)])
        let passed = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 { group.addTask { gate.admit(request(bearer("k"))).reason == nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(passed == 37)
    }
}
