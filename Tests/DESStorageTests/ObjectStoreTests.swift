import DESBase
import DESStorage
import Testing

/// What ``ObjectStore`` promises, of every store.
@Suite("Every store", .timeLimit(.minutes(5)))
struct ObjectStoreTests {
    private func code(_ body: () async throws -> Void) async -> StorageError.Code? {
        await #expect(throws: StorageError.self) { try await body() }?.code
    }

    @Test(
        "What is published is there with all its bytes, and nothing is beside it", arguments: StoreKind.possible,
        [0, 1, 100_000, 1 << 20, (1 << 20) + 1, (6 << 20) + 1])
    func publish(kind: StoreKind, size: Int) async throws {
        let place = try ConformingStore(kind)
        let bytes = S3Fixture.bytes(size)
        let file = try place.stage("20240101_0A_x.des", bytes)
        #expect(await place.store.publish([file]) == [.success(.created)])
        let attributes = try #require(try await place.store.attributes(of: file.key))
        #expect(attributes.key == file.key && attributes.size == UInt64(size))
        #expect((attributes.modifiedAt ?? 0) > 1_700_000_000)
        #expect(try await place.list() == [attributes])
        #expect(try await place.litter() == [])
        #expect(try await place.store.read(file.key) == bytes)
        #expect(try await place.store.checksum(of: file.key) == bytes.withUnsafeBytes { CRC32(of: $0) })
        #expect(try FileSystem.existingStatus(file.path).size == Int64(size), "the staged file stays")
    }

    @Test(
        "The same again is there already; another content is a conflict and stays", arguments: StoreKind.possible,
        [5, 1000, 7 << 20])
    func again(kind: StoreKind, size: Int) async throws {
        let place = try ConformingStore(kind)
        let bytes = S3Fixture.bytes(size)
        var other = bytes
        other[size / 2] ^= 1
        let first = try place.stage("sub/k", bytes)
        #expect(await place.store.publish([first]) == [.success(.created)])
        #expect(await place.store.publish([first]) == [.success(.alreadyThere)])
        #expect(try await place.publish("sub/k", bytes) == .alreadyThere)
        for content in [other, S3Fixture.bytes(size - 1), S3Fixture.bytes(size + 1), []] {
            let error = await #expect(throws: StorageError.self) { try await place.publish("sub/k", content) }
            #expect(error?.code == .conflict && error?.isTransient == false && error?.isStoreUnwritable == false)
        }
        #expect(try await place.store.read("sub/k") == bytes)
        #expect(try await place.keys() == ["sub/k"])
        #expect(try await place.litter() == [])
    }

    @Test("Of several files each has its own outcome, in their order", arguments: StoreKind.possible)
    func several(kind: StoreKind) async throws {
        let place = try ConformingStore(kind)
        try await place.publish("20240101_01_conflict.des", "other")
        try await place.publish("there", "same")
        let good = try (0..<30).map {
            try place.stage("20240102_\($0 % 2 == 0 ? "10" : "F0")_\($0).des", S3Fixture.bytes($0))
        }
        let short = try place.stage("20240101_90_short.des", [1, 2, 3])
        let files =
            [
                try place.stage("20240101_81_new.des", [1]), try place.stage("20240101_01_conflict.des", [2]),
                place.missing("20240101_90_missing.des"), try place.stage("there", Array("same".utf8)),
                StagedFile(path: short.path, key: short.key, size: 4), try place.stage("sub/new", [3]),
            ] + good
        // The second try does not find what the first one has left.
        for isFirst in [true, false] {
            let outcomes = await place.store.publish(files).map { outcome in
                switch outcome {
                case .success(let outcome): "\(outcome)"
                case .failure(let error): "\(error.key) \(error.code)"
                }
            }
            let created = isFirst ? "created" : "alreadyThere"
            #expect(
                outcomes[..<5] == [
                    created, "20240101_01_conflict.des conflict", "20240101_90_missing.des notFound", "alreadyThere",
                    "20240101_90_short.des damaged",
                ])
            #expect(outcomes[5...].allSatisfy { $0 == created })
        }
        #expect(try await place.store.attributes(of: "20240101_90_missing.des") == nil)
        #expect(try await place.store.attributes(of: short.key) == nil)
        #expect(try await place.keys().count == 34)
        #expect(try await place.litter() == [])
        #expect(await place.store.publish([]).isEmpty)
    }

    @Test("Of two who publish under one key one creates it", arguments: StoreKind.possible, [true, false])
    func race(kind: StoreKind, isSame: Bool) async throws {
        let place = try ConformingStore(kind)
        let store = place.store
        for round in 0..<(kind == .bucket ? 10 : 50) {
            let files = try (0..<2).map {
                try place.stage("\(round).des", Array((isSame ? "same" : "file \($0)").utf8))
            }
            async let first = store.publish([files[0]])
            async let second = store.publish([files[1]])
            let outcomes = await first + second
            #expect(outcomes.count { $0 == .success(.created) } == 1)
            for outcome in outcomes where outcome != .success(.created) {
                #expect(isSame ? outcome == .success(.alreadyThere) : outcome.error?.code == .conflict)
            }
        }
    }

    @Test(
        "A range has as many bytes as are there", arguments: StoreKind.possible,
        [
            (0..<3, "012"), (3..<7, "3456"), (9..<10, "9"), (9..<11, "9"), (10..<20, ""), (5..<5, ""),
            (0..<UInt64(Int64.max), "0123456789"), (100..<UInt64.max, ""), (0..<UInt64.max, "0123456789"),
        ] as [(Range<UInt64>, String)])
    func ranges(kind: StoreKind, sample: (range: Range<UInt64>, expected: String)) async throws {
        let place = try ConformingStore(kind)
        // A client of S3 makes room for all that it asks for.
        guard kind != .bucket || sample.range.upperBound <= 100 else { return }
        try await place.publish("a", "0123456789")
        #expect(try await place.store.read("a", range: sample.range) == Array(sample.expected.utf8))
    }

    @Test(
        "A tail is the end, and comes with the size", arguments: StoreKind.possible,
        [
            (0, ""), (-5, ""), (1, "9"), (4, "6789"), (10, "0123456789"), (11, "0123456789"), (Int.max, "0123456789"),
        ])
    func tails(kind: StoreKind, sample: (count: Int, expected: String)) async throws {
        let place = try ConformingStore(kind)
        guard kind != .bucket || sample.count <= 100 else { return }
        try await place.publish("a", "0123456789")
        let tail = try await place.store.readTail("a", count: sample.count)
        #expect(tail.bytes == Array(sample.expected.utf8) && tail.size == 10)
    }

    @Test("Missing is an answer where it can be one, and an error of its own elsewhere", arguments: StoreKind.possible)
    func missing(kind: StoreKind) async throws {
        let place = try ConformingStore(kind)
        let store = place.store
        try await place.publish("sub/a", "x")
        for key in ["none", "sub", "sub/none", "sub/a/below", "20240101_90_none.des"] {
            #expect(try await store.attributes(of: key) == nil)
        }
        for key in ["none", "sub/none", "20240101_90_none.des"] {
            #expect(await code { _ = try await store.read(key) } == .notFound)
            #expect(await code { _ = try await store.read(key, range: 0..<1) } == .notFound)
            #expect(await code { _ = try await store.readTail(key, count: 1) } == .notFound)
            #expect(await code { _ = try await store.checksum(of: key) } == .notFound)
            #expect(
                await code { _ = try await store.open(ObjectAttributes(key: key, size: 1)).read(0..<1) } == .notFound)
            try await store.delete(key)
        }
    }

    @Test("Deleting removes the object and no other", arguments: StoreKind.possible)
    func delete(kind: StoreKind) async throws {
        let place = try ConformingStore(kind)
        for key in ["20240101_90_a.des", "20240101_90_b.des", "sub/a"] { try await place.publish(key, key) }
        for key in ["20240101_90_a.des", "sub/a"] {
            try await place.store.delete(key)
            try await place.store.delete(key)
            #expect(try await place.store.attributes(of: key) == nil)
        }
        #expect(try await place.keys() == ["20240101_90_b.des"])
        // What was deleted may come again.
        #expect(try await place.publish("sub/a", [1]) == .created)
    }

    @Test("The parts of the store hold what the store has", arguments: StoreKind.possible)
    func parts(kind: StoreKind) async throws {
        let place = try ConformingStore(kind)
        #expect(place.store.isDivided == (kind == .zones))
        for number in ["00", "7F", "80", "FF"] {
            let prefix = "20240101_\(number)_"
            try await place.publish(prefix + "a.des", number)
            let part = place.store.part(of: prefix)
            #expect(try await part.read(prefix + "a.des") == Array(number.utf8))
            #expect(try await part.list(prefix: prefix, after: nil, limit: 10).objects.count == 1)
            #expect(try await place.keys(prefix: prefix).count == 1)
        }
    }
}
