import Testing

@testable import DESCommands

@Suite(.timeLimit(.minutes(5))) struct PartialPlaceTests {
    private let place: Workspace

    init() throws { place = try Workspace() }

    private func makeShards() throws {
        for (name, uid) in [
            ("20260131_61_0000.des", "97"), ("20260131_62_0000.des", "98"), ("20260130_61_0000.des", "353"),
            ("20260201_61_0000.des", "609"), ("20250131_61_0000.des", "865"), ("odd.des", "f"),
        ] {
            var shard = TestShard()
            shard.add(
                uid, "content of \(uid)", createdAt: "\(name.prefix(4))-\(name.dropFirst(4).prefix(2))-01T00:00:00Z")
            try place.write(shard.bytes, to: "buckets/b/p/\(name)")
        }
    }

    @Test(
        "a day, a month, a year or the beginning of a name behind a place is that part of it, local and in S3",
        arguments: [
            ("20260131", ["97", "98"]), ("2026-01-31", ["97", "98"]), ("202601", ["97", "98", "353"]),
            ("2026-01", ["97", "98", "353"]),
            ("2026", ["97", "98", "353", "609"]), ("20260131_61", ["97"]), ("20260131_61_0000", ["97"]),
            ("20260131/", ["97", "98"]),
        ])
    func part(name: String, uids: [String]) async throws {
        try makeShards()
        for base in ["\(place.path)/buckets/b/p", "s3://b/p"] {
            let result = try await place.tool(
                StoreWatch(),
                [
                    "extract", "\(base)/\(name)", "--output", "\(place.path)/out-\(base.count)", "--json",
                ])
            #expect(result.code == 0, "\(result.everything)")
            #expect(place.names("out-\(base.count)") == uids.sorted())
            #expect(
                try await place.tool(StoreWatch(), ["cat", "\(base)/\(name)", uids[0]]).output
                    == "content of \(uids[0])")
        }
    }

    @Test(
        "what begins no shard's name is no place, nor is a day without shards",
        arguments: ["20240101", "odd", "20261", "2026013", "nothing", "20260131_99", "2026-1-31"])
    func nothing(name: String) async throws {
        try makeShards()
        for base in ["\(place.path)/buckets/b/p", "s3://b/p"] {
            let result = try await place.tool(StoreWatch(), ["ls", "\(base)/\(name)"])
            #expect(result.code == 1, "\(result.everything)")
            #expect(result.output.isEmpty)
            #expect(result.errors.contains("nothing at \(base)/"))
        }
    }

    @Test("a folder or a prefix of such a name goes first")
    func folder() async throws {
        try makeShards()
        var shard = TestShard()
        shard.add("inside", "content")
        try place.write(shard.bytes, to: "buckets/b/p/202601/any.des")
        for base in ["\(place.path)/buckets/b/p", "s3://b/p"] {
            #expect(try await place.tool(StoreWatch(), ["ls", "\(base)/202601"]).output.contains("inside"))
        }
    }
}
