import DESBase
import Testing

@testable import DESRetrieval

@Suite struct NegativeCacheTests {
    @Test("what is held is bounded by bytes, however long the uids are that are asked for", arguments: [8, 60_000])
    func bytes(length: Int) {
        let cache = NegativeCache(lifetime: .seconds(2))
        let time = Timestamp(microsecondsSinceEpoch: 0)
        let requests = (0..<1000).map { number in
            FileRequest(uid: "\(number)" + String(repeating: "x", count: length), createdAt: time)
        }
        for request in requests { cache.note(request, askedAt: .zero) }
        #expect(cache.cost <= 16 << 20)
        #expect(cache.isUnknown(requests[999], now: .seconds(1)))
        #expect(!cache.isUnknown(requests[999], now: .seconds(3)))
        #expect(cache.isUnknown(requests[0], now: .seconds(1)) == (length == 8))
    }
}
