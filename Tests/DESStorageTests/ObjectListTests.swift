import DESBase
import DESStorage
import Testing

/// What ``ObjectStore/list(prefix:after:limit:)`` promises, of every store.
@Suite("Lists of every store", .timeLimit(.minutes(5)))
struct ObjectListTests {
    @Test("Pages of any length give every object once, in order", arguments: StoreKind.possible)
    func pages(kind: StoreKind) async throws {
        let place = try ConformingStore(kind)
        let keys =
            (0..<25).map { "202401\($0 < 10 ? "0" : "")\($0)_\($0 % 3 == 0 ? "10" : "90")_X.des" }
            + ["_bigFiles/x", "sub/deeper/z"]
        let files = try keys.shuffled().map { try place.stage($0, Array($0.utf8)) }
        #expect(await place.store.publish(files).allSatisfy { $0 == .success(.created) })
        for limit in [1, 2, 3, 7, 26, 27, 28, 1000] {
            let found = try await place.list(limit: limit)
            #expect(found.map(\.key) == keys, "by \(limit)")
            #expect(found.allSatisfy { $0.size == UInt64($0.key.utf8.count) && $0.modifiedAt != nil })
        }
    }

    @Test("The order is that of the bytes of whole keys, across folders", arguments: StoreKind.possible)
    func order(kind: StoreKind) async throws {
        let place = try ConformingStore(kind)
        let keys = [
            "A", "a-b", "a/b", "a0", "b", "\u{E9}", "e\u{301}", "\u{10000}", "a/b-c", "\u{FFFD}", "a b+c%20?ü",
        ]
        for key in keys { try await place.publish(key, key) }
        for limit in [1, 2, 1000] {
            #expect(try await place.keys(limit: limit) == keys.map { ByteString($0) }.sorted())
        }
        for key in keys { #expect(try await place.store.read(key) == Array(key.utf8)) }
    }

    @Test("A prefix is one of keys, not of folders", arguments: StoreKind.possible)
    func prefixes(kind: StoreKind) async throws {
        let place = try ConformingStore(kind)
        let keys = ["20240101_00_A.des", "20240101_90_B.des", "20240102_00_C.des", "sub/a", "sub/deep/b", "subject"]
        for key in keys { try await place.publish(key, "") }
        for (prefix, expected) in [
            ("20240101", [keys[0], keys[1]]), ("20240101_00_", [keys[0]]), ("20240101_90_", [keys[1]]),
            ("sub", [keys[3], keys[4], keys[5]]), ("sub/", [keys[3], keys[4]]), ("sub/deep/", [keys[4]]),
            ("sub/d", [keys[4]]), ("none", []), ("none/x", []), (keys[0] + "/", []), ("subject", [keys[5]]),
        ] {
            #expect(try await place.keys(prefix: prefix) == expected.map { ByteString($0) }, "\(prefix)")
        }
    }

    @Test("A page begins after a key, whether that is there or not", arguments: StoreKind.possible)
    func after(kind: StoreKind) async throws {
        let place = try ConformingStore(kind)
        for key in ["a", "c", "e"] { try await place.publish(key, "") }
        for (after, expected) in [("a", ["c", "e"]), ("b", ["c", "e"]), ("e", []), ("", ["a", "c", "e"])] {
            #expect(try await place.keys(after: after) == expected.map { ByteString($0) }, "\(after)")
        }
    }

    @Test("The last page has no next one, and an exact page is the last", arguments: StoreKind.possible)
    func ends(kind: StoreKind) async throws {
        let place = try ConformingStore(kind)
        func next(after: String?, limit: Int) async throws -> String? {
            try await place.store.list(prefix: "", after: after, limit: limit).next
        }
        #expect(try await place.store.list(prefix: "", after: nil, limit: 10) == ObjectPage(objects: [], next: nil))
        for key in ["a", "b"] { try await place.publish(key, "") }
        #expect(try await next(after: nil, limit: 1) == "a")
        #expect(try await next(after: nil, limit: 2) == nil)
        #expect(try await next(after: "a", limit: 1) == nil)
    }
}
