import Testing

@testable import DESRetrieval

@Suite struct CacheTests {
    @Test func `what was used least recently goes first`() {
        var cache = LRUCache<Int, String>(capacity: 10)
        #expect(cache.insert("a", cost: 4, for: 1) == [])
        #expect(cache.insert("b", cost: 4, for: 2) == [])
        #expect(cache.value(of: 1) == "a")
        #expect(cache.insert("c", cost: 4, for: 3) == ["b"])
        #expect(cache.value(of: 2) == nil)
        #expect(cache.cost == 8)
        #expect(cache.insert("A", cost: 6, for: 1) == ["a"])
        #expect(cache.cost == 10)
        #expect(cache.insert("d", cost: 11, for: 4) == ["d"])
        #expect(cache.count == 2)
    }

    @Test func `no more values are kept than allowed`() {
        var cache = LRUCache<Int, Int>(capacity: .max, largestCount: 3)
        for number in 0..<1000 { _ = cache.insert(number, cost: 1, for: number) }
        #expect(cache.count == 3)
        #expect([997, 998, 999].allSatisfy { cache.value(of: $0) == $0 })
        for number in 997..<1000 { cache.removeValue(of: number) }
        #expect(cache.cost == 0)
        #expect(cache.insert(1, cost: 1, for: 1) == [])
        #expect(cache.value(of: 1) == 1)
    }

    @Test func `neighbours are read together, up to the largest gap and size`() {
        let mebibyte: UInt64 = 1 << 20
        #expect(
            ReadPlan([0..<10, 20..<30, (30 + mebibyte)..<(40 + mebibyte)]).reads
                == [.init(range: 0..<(40 + mebibyte), members: [0, 1, 2])])
        #expect(ReadPlan([0..<10, (11 + mebibyte)..<(12 + mebibyte)]).reads.count == 2)
        #expect(ReadPlan([5..<9, 0..<10, 5..<9]).reads == [.init(range: 0..<10, members: [1, 0, 2])])
        #expect(ReadPlan([0..<(6 * mebibyte), (6 * mebibyte)..<(9 * mebibyte)]).reads.count == 2)
        #expect(ReadPlan([]).reads == [])
    }
}
