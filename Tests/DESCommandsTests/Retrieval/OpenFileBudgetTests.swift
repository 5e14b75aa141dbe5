import DESHTTPFront
import Testing

@testable import DESCommands

@Suite struct OpenFileBudgetTests {
    @Test("with many files all wishes are fulfilled", arguments: [true, false])
    func many(_ isLocal: Bool) throws {
        let budget = try #require(OpenFileBudget(limit: 65_536, connections: 4096, isLocal: isLocal))
        #expect(budget.connections == 4096 && budget.shards == 8192)
        #expect(budget.transfers == (isLocal ? 0 : 256))
    }

    @Test(
        "sockets, big files, open shards and transfers together never take more files than there are",
        arguments: [256, 257, 300, 512, 1024, 8192, 20_000])
    func few(_ limit: Int) throws {
        for wanted in [1, 100, 4096, 1_000_000] {
            for isLocal in [true, false] {
                let budget = try #require(OpenFileBudget(limit: limit, connections: wanted, isLocal: isLocal))
                var limits = HTTPLimits()
                limits.maximumConnections = budget.connections
                let (sockets, bigFiles) = (limits.acceptedConnections, isLocal ? budget.connections : 0)
                let shards = isLocal ? budget.shards : 0
                #expect(budget.connections >= 1 && budget.connections <= wanted && budget.shards >= 8)
                #expect(sockets + bigFiles + shards + 2 * budget.transfers <= limit - 64)
                #expect(isLocal || budget.transfers >= 32)
            }
        }
    }

    @Test("with too few files there is no budget, and so no service", arguments: [0, 20, 32, 64, 128, 255])
    func tooFew(_ limit: Int) {
        #expect(OpenFileBudget(limit: limit, connections: 1, isLocal: true) == nil)
        #expect(OpenFileBudget(limit: limit, connections: 1, isLocal: false) == nil)
    }
}
