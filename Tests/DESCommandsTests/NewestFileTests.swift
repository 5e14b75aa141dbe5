import DESBase
import DESRouting
import DESShard
import Testing

@testable import DESCommands

struct NewestFileTests {
    private static let suffixes = ["01HG0000000000000000000000", "01KG0000000000000000000000"]

    /// - Parameters:
    ///   - shard: 0 is older than 1 by its name; of the day of the time.
    ///   - crc: tells contents apart.
    private func file(_ time: String?, shard: Int, crc: UInt32? = 1) -> NewestFile.Candidate {
        let day = time.map { $0.prefix(10).filter { $0 != "-" } } ?? "20260101"
        return NewestFile.Candidate(
            shard: "\(day)_61_\(Self.suffixes[shard]).des", createdAt: time.flatMap { Timestamp(parsing: $0) },
            content: .inline(size: 1, crc32: crc.map { CRC32(value: $0) }))
    }

    @Test("the later time counts, not the clock in the shard's name, in whatever order they are found")
    func laterTime() {
        let files = [
            file("2026-01-02T10:00:00Z", shard: 1, crc: 1), file("2026-01-02T11:00:00Z", shard: 0, crc: 2),
            file("2026-01-01T12:00:00Z", shard: 1, crc: 3), file(nil, shard: 1, crc: 4),
        ]
        for order in [files, files.reversed(), [files[3], files[1], files[0], files[2]]] {
            var newest = NewestFile()
            order.forEach { newest.add($0) }
            #expect(newest.best == files[1])
            #expect(newest.rival == nil)
        }
    }

    @Test("of one time the newer shard's counts, and another content is told, the same is not")
    func oneTime() {
        let (old, new) = (file("2026-01-02", shard: 0), file("2026-01-02", shard: 1))
        let (changed, unknown) = (file("2026-01-02", shard: 0, crc: 2), file("2026-01-02", shard: 0, crc: nil))
        for (files, rival) in [([old, new], nil), ([changed, new], changed), ([unknown, new], unknown)] {
            for order in [files, files.reversed()] {
                var newest = NewestFile()
                order.forEach { newest.add($0) }
                #expect(newest.best == new)
                #expect(newest.rival == rival)
            }
        }
    }

    @Test("a later time ends the doubt between two earlier ones")
    func doubtEnds() {
        var newest = NewestFile()
        newest.add(file("2026-01-02", shard: 0, crc: 1))
        newest.add(file("2026-01-02", shard: 1, crc: 2))
        #expect(newest.rival != nil)
        newest.add(file("2026-01-03", shard: 0, crc: 3))
        #expect(newest.rival == nil)
    }

    @Test("the time that was asked for goes before later ones")
    func wantedTime() {
        var newest = NewestFile(wanted: Timestamp(parsing: "2026-01-02T10:00:00Z"))
        for hour in ["11", "10", "12"] { newest.add(file("2026-01-02T\(hour):00:00Z", shard: 1)) }
        #expect(newest.best?.createdAt == newest.wanted)
    }

    @Test("shards of earlier days cannot have a newer file, those whose names tell nothing can")
    func settled() {
        var newest = NewestFile()
        let names = ["20260101", "20260102", "20260103"].map { ShardFileName("\($0)_61_0000.des") }
        #expect(!newest.isSettled(before: names[0]))
        newest.add(file("2026-01-02T10:00:00Z", shard: 0))
        #expect(newest.isSettled(before: names[0]))
        #expect(
            !newest.isSettled(before: names[1]) && !newest.isSettled(before: names[2]) && !newest.isSettled(before: nil)
        )
    }

    @Test(
        "names that tell nothing come first, then the newest day, and of a day our newest shard, then older writers' counters"
    )
    func order() {
        let names = [
            "20260101_61_0000.des", "20260102_61_\(Self.suffixes[0]).des", "odd.des", "20260102_61_0010.des",
            "20260102_61_0009.des", "20260102_61_\(Self.suffixes[1]).des", "!.des", "20260102_61_00010.des",
        ]
        #expect(
            ShardOrder.newestFirst(names) { $0 } == [
                "odd.des", "!.des", "20260102_61_\(Self.suffixes[1]).des", "20260102_61_\(Self.suffixes[0]).des",
                "20260102_61_00010.des", "20260102_61_0010.des", "20260102_61_0009.des", "20260101_61_0000.des",
            ])
    }

    @Test("each shard is searched for the uids that belong in it, whatever number of bits it was written with")
    func wanted() throws {
        let uids = (0..<500).map { "uid-\($0)" } + ["12345", "", "é"]
        var wanted = WantedUIDs(uids)
        for name in ["20260101_7_x.des", "20260101_0F_x.des", "20260101_1FF_x.des", "20260101_3039_x.des"] {
            let name = try #require(ShardFileName(name))
            #expect(wanted.candidates(in: name) == uids.indices.filter { name.mayHold(uid: uids[$0]) })
        }
        #expect(wanted.candidates(in: nil).count == uids.count)
    }
}
