import DESBase
import DESRouting
import Foundation
import Testing

@Suite struct RoutingTests {
    struct Expected: Decodable, Sendable {
        let uid: String
        let createdAt: String
        let nBits: Int
        let dateDir: String
        let shardIndex: Int
        let shardHex: String
        let objectKey: String
    }

    @Test func `golden routing holds for every uid, time and number of bits`() throws {
        let url = Bundle.module.resourceURL!.appending(path: "Golden/routing.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let expected = try decoder.decode([Expected].self, from: Data(contentsOf: url))
        #expect(expected.count >= 80)
        for row in expected {
            let time = try #require(Timestamp(parsing: row.createdAt))
            let key = locate(uid: row.uid, createdAt: time, bits: try #require(ShardBits(row.nBits)))
            #expect(key.dateDirectory == row.dateDir)
            #expect(key.shardIndex == row.shardIndex, "\(row)")
            #expect(key.shardHex == row.shardHex)
            #expect(key.objectKey == row.objectKey)
            let name = try #require(ShardFileName(key.namePrefix + "0000.des"))
            #expect(name.mayHold(uid: row.uid))
        }
    }

    @Test func `the number of bits is 4 to 16`() {
        #expect(ShardBits(3) == nil)
        #expect(ShardBits(17) == nil)
        #expect(ShardBits(4)?.shardCount == 16)
        #expect(ShardBits(16)?.shardCount == 65_536)
    }

    @Test func `suffixes have 26 characters, sort by time and differ within one millisecond`() {
        var generator = SystemRandomNumberGenerator()
        let early = Timestamp(microsecondsSinceEpoch: 1_700_000_000_000_000)
        let late = Timestamp(microsecondsSinceEpoch: 1_700_000_000_001_000)
        var seen: Set<UniqueSuffix> = []
        for _ in 0..<1000 {
            let first = UniqueSuffix(at: early, using: &generator)
            let second = UniqueSuffix(at: late, using: &generator)
            #expect(first < second)
            #expect(first.description.utf8.count == UniqueSuffix.length)
            seen.formUnion([first, second])
        }
        #expect(seen.count == 2000)
    }

    @Test(arguments: [
        "x.des", "20240101_0A.des", "20240101_0G_1.des", "2024010_0A_1.des", "20240101_0A_1.tmp", "20240101_0A_.des",
    ])
    func `what is not the name of a shard is told apart`(name: String) {
        #expect(ShardFileName(name) == nil)
    }

    @Test func `a shard's name says which uids it cannot hold`() throws {
        let name = try #require(ShardFileName("20240101_0A_0000.des"))
        #expect(name.mayHold(uid: "10"))
        #expect(name.mayHold(uid: "266"))
        #expect(!name.mayHold(uid: "11"))
    }
}
