import DESTestSupport
import Testing

@testable import DESMigration

@Suite struct SealPolicyTests {
    @Test func `nothing is sealed as long as both limits hold, at the limits as well`() {
        var policy = SealPolicy(maximumCount: 4, maximumMemory: 100)
        for shard in 0..<4 { policy.update(shard, memoryInBytes: 25) }
        #expect(policy.totalMemory == 100)
        #expect(policy.shardsToSeal() == [])
    }

    @Test func `too much memory seals the largest until a quarter is free`() {
        var policy = SealPolicy(maximumCount: 100, maximumMemory: 100)
        for (shard, bytes) in [10, 40, 21, 30].enumerated() { policy.update(shard, memoryInBytes: bytes) }
        #expect(policy.shardsToSeal() == [1])
        policy.update(2, memoryInBytes: 60)
        #expect(policy.shardsToSeal() == [2, 1])
    }

    @Test func `too many shards seal the largest until an eighth is free, the older one of two alike`() {
        var policy = SealPolicy(maximumCount: 8, maximumMemory: .max)
        for shard in 0..<9 { policy.update(shard, memoryInBytes: shard == 5 ? 20 : 10) }
        #expect(policy.shardsToSeal() == [5, 0])
    }

    @Test(arguments: [-1, 0, 1]) func `a limit of one shard or fewer lets one stay open`(maximumCount: Int) {
        var policy = SealPolicy(maximumCount: maximumCount, maximumMemory: 100)
        policy.update(1, memoryInBytes: 10)
        #expect(policy.shardsToSeal() == [])
        policy.update(2, memoryInBytes: 10)
        #expect(policy.shardsToSeal() == [1, 2])
    }

    @Test func `a single shard over the memory limit is sealed`() {
        var policy = SealPolicy(maximumCount: 8, maximumMemory: 100)
        policy.update(7, memoryInBytes: 101)
        #expect(policy.shardsToSeal() == [7])
    }

    @Test func `a shard counts once, with its latest memory, until it is removed`() {
        var policy = SealPolicy(maximumCount: 8, maximumMemory: 100)
        policy.update(1, memoryInBytes: 80)
        policy.update(1, memoryInBytes: 90)
        policy.update(1, memoryInBytes: 50)
        #expect(policy.totalMemory == 50)
        policy.remove(1)
        policy.remove(1)
        policy.remove(99)
        #expect(policy.totalMemory == 0)
    }

    @Test(arguments: 1...20)
    func `over any course of events the chosen are the largest, and the rest is within the limits`(seed: UInt64) {
        var random = TestRandom(seed: seed)
        let (maximumCount, maximumMemory) = (Int.random(in: 1...40, using: &random), 10_000)
        var policy = SealPolicy(maximumCount: maximumCount, maximumMemory: maximumMemory)
        var open: [Int: Int] = [:]
        for step in 0..<3000 {
            let shard = Int.random(in: 0...step / 10, using: &random)
            let bytes = (open[shard] ?? 0) + Int.random(in: 0...500, using: &random)
            open[shard] = bytes
            policy.update(shard, memoryInBytes: bytes)
            let chosen = policy.shardsToSeal()
            let isOver = open.count > maximumCount || open.values.reduce(0, +) > maximumMemory
            #expect(chosen.isEmpty == !isOver)
            #expect(Set(chosen).count == chosen.count)
            let smallestChosen = chosen.compactMap { open[$0] }.min() ?? .max
            for shard in chosen {
                open[shard] = nil
                policy.remove(shard)
            }
            #expect(open.values.allSatisfy { $0 <= smallestChosen })
            #expect(open.count <= maximumCount && policy.totalMemory <= maximumMemory)
            #expect(policy.totalMemory == open.values.reduce(0, +))
        }
    }
}
