import DESRouting
import Testing

@Suite("Zones")
struct ZoneMapTests {
    private func problems(_ ranges: [ClosedRange<Int>], allowsGaps: Bool = false) -> [String] {
        let zones = ranges.enumerated().map { ZoneMap.Zone(name: "z\($0.offset)", shards: $0.element) }
        do throws(ZoneMap.Problems) {
            _ = try ZoneMap(zones, bits: .standard, allowsGaps: allowsGaps)
            return []
        } catch { return error.messages }
    }

    @Test("Zones that hold every shard once are fine, in any order")
    func whole() throws {
        #expect(problems([0...255]) == [])
        #expect(problems([128...255, 0...127]) == [])
        let map = try ZoneMap(
            [.init(name: "b", shards: 128...255), .init(name: "a", shards: 0...127)], bits: .standard)
        #expect(map.zones.map(\.name) == ["a", "b"])
        #expect(map.position(ofShard: 127) == 0 && map.position(ofShard: 128) == 1)
    }

    @Test(
        "What is wrong is said in shard numbers",
        arguments: [
            ([], "there are no zones"), ([0...100], "no zone has shards 101 to 255"),
            ([1...255], "no zone has shards 0 to 0"),
            ([0...99, 101...255], "no zone has shards 100 to 100"),
            ([0...100, 100...255], "the zones z0 and z1 both have shards 100 to 100"),
            ([0...255, 10...20], "the zones z0 and z1 both have shards 10 to 20"),
            ([0...256], "the zone z0 has shards 0 to 256, but they are 0 to 255"),
        ] as [([ClosedRange<Int>], String)])
    func wrong(ranges: [ClosedRange<Int>], message: String) { #expect(problems(ranges) == [message]) }

    @Test("Gaps can be allowed, overlaps not")
    func gaps() {
        #expect(problems([10...20, 30...40], allowsGaps: true) == [])
        #expect(problems([10...30, 30...40], allowsGaps: true).count == 1)
    }
}
