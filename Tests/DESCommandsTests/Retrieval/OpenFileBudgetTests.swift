import Testing

@testable import DESCommands

@Suite struct OpenFileBudgetTests {
    @Test("with many files all wishes are fulfilled", arguments: [true, false])
    func many(_ isLocal: Bool) {
        let budget = OpenFileBudget(limit: 65_536, connections: 4096, keepsShardsOpen: isLocal)
        #expect(budget.connections == 4096 && budget.shards == 8192)
    }

    @Test(
        "connections and open shards together never take more files than there are",
        arguments: [64, 256, 1024, 8192, 20_000])
    func few(_ limit: Int) {
        for wanted in [1, 100, 4096, 1_000_000] {
            let budget = OpenFileBudget(limit: limit, connections: wanted, keepsShardsOpen: true)
            #expect(budget.connections >= 1 && budget.shards >= 8)
            if limit >= 256 { #expect(budget.connections * 9 / 8 + budget.shards <= limit - 128) }
            let remote = OpenFileBudget(limit: limit, connections: wanted, keepsShardsOpen: false)
            #expect(remote.connections >= budget.connections)
        }
    }
}
