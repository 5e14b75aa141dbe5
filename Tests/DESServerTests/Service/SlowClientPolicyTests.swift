import Testing

@testable import DESServer

@Suite struct SlowClientPolicyTests {
    @Test(arguments: [
        (0, 0, true, true), (20, 0, true, true), (21, 0, true, false), (21, 0, false, true), (3600, 0, false, true),
        (21, 65_536, true, true), (36, 1 << 20, true, true), (37, 1 << 20, true, false),
    ])
    func `A client is too slow only when others wait for memory`(
        seconds: Int, sent: UInt64, isCrowded: Bool, goesOn: Bool
    ) {
        let policy = SlowClientPolicy()
        #expect(policy.goesOn(waited: .seconds(seconds), sent: sent, isCrowded: isCrowded) == goesOn)
    }
}
