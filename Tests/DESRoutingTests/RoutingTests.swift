import DESRouting
import Foundation
import Testing

@Suite struct RoutingTests {
    struct Expected: Decodable, Sendable {
        let uid: String
        let created_at: String
        let n_bits: Int
        let date_dir: String
        let shard_index: Int
        let shard_hex: String
        let object_key: String
    }

    @Test func `golden routing holds for every uid, time and number of bits`() throws {
        let url = Bundle.module.resourceURL!.appending(path: "Golden/routing.json")
        let expected = try JSONDecoder().decode([Expected].self, from: Data(contentsOf: url))
        #expect(expected.count >= 80)
        for row in expected {
            let time = try #require(Timestamp(parsing: row.created_at))
            let key = locate(uid: row.uid, createdAt: time, bits: try #require(ShardBits(row.n_bits)))
            #expect(key.dateDirectory == row.date_dir)
            #expect(key.shardIndex == row.shard_index, "\(row)")
            #expect(key.shardHex == row.shard_hex)
            #expect(key.objectKey == row.object_key)
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

    @Test(arguments: ["x.des", "20240101_0A.des", "20240101_0G_1.des", "2024010_0A_1.des", "20240101_0A_1.tmp", "20240101_0A_.des"])
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
