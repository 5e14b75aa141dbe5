import DESBase
import DESRouting
import DESStorage
import DESTestSupport
import Testing

@Suite("A store of several zones")
struct ZonedStoreTests {
    let folder: TemporaryFolder
    let store: ZonedStore
    let (low, high): (DirectoryStore, DirectoryStore)

    init() throws {
        folder = try TemporaryFolder()
        let threads = ThreadPool(name: "des-test", count: 2)
        for name in ["low", "high"] { try FileSystem.createFolder(folder(name)) }
        low = DirectoryStore(root: folder("low"), threads: threads)
        high = DirectoryStore(root: folder("high"), threads: threads)
        let map = try ZoneMap(
            [.init(name: "high", shards: 0x80...0xFF), .init(name: "low", shards: 0...0x7F)], bits: .standard)
        store = try #require(ZonedStore(map, stores: ["low": low, "high": high]))
    }

    private func staged(_ key: String) throws -> StagedFile {
        try folder.write("staged/\(key)", key)
        return StagedFile(path: folder("staged/\(key)"), key: key, size: UInt64(key.utf8.count))
    }

    @Test("Each shard goes to the zone of its number, and what belongs to all to the first")
    func publish() async throws {
        let keys = ["20240101_00_a.des", "20240101_7F_a.des", "20240101_80_a.des", "20240101_FF_a.des", "_desStore"]
        let outcomes = await store.publish(try keys.map { try staged($0) })
        #expect(outcomes == keys.map { _ in .success(.created) })
        #expect(try await low.list(prefix: "", after: nil, limit: 9).objects.map(\.key) == [keys[0], keys[1], keys[4]])
        #expect(try await high.list(prefix: "", after: nil, limit: 9).objects.map(\.key) == [keys[2], keys[3]])
        for key in keys {
            #expect(try await store.attributes(of: key) != nil)
            #expect(try await store.read(key) == Array(key.utf8))
        }
        #expect(store.part(of: "20240101_80_").name == high.name)
        #expect(store.part(of: "20240101_7F_a.des").name == low.name)
    }

    @Test("Lists come in one order over all zones, whatever the pages", arguments: [1, 2, 3, 7, 100])
    func list(limit: Int) async throws {
        var keys = (0..<20).map { "202401\($0 < 10 ? "0" : "")\($0)_\($0 % 2 == 0 ? "10" : "90")_a.des" }
        // What both have, as big files, comes once.
        for zone in ["low", "high"] { try folder.write("\(zone)/_bigFiles/x", "x") }
        for key in keys { try folder.write("\(key.contains("_10_") ? "low" : "high")/\(key)", key) }
        keys.append("_bigFiles/x")
        var found: [String] = []
        var after: String?
        repeat {
            let page = try await store.list(prefix: "", after: after, limit: limit)
            #expect(page.objects.count <= limit)
            found += page.objects.map(\.key)
            after = page.next
        } while after != nil
        #expect(found == keys)
        #expect(try await store.list(prefix: "20240101_90_", after: nil, limit: 9).objects.count == 1)
    }

    @Test("A shard in a gap is refused")
    func gap() async throws {
        let map = try ZoneMap([.init(name: "low", shards: 0...3)], bits: .standard, allowsGaps: true)
        let store = try #require(ZonedStore(map, stores: ["low": low]))
        let outcomes = await store.publish([try staged("20240101_04_a.des"), try staged("20240101_03_a.des")])
        #expect(outcomes[0].error?.code == .invalidKey)
        #expect(outcomes[1] == .success(.created))
    }

    @Test("After the borders were moved, what lies in its old zone is still found")
    func movedBorders() async throws {
        _ = await store.publish([try staged("20240101_70_a.des")])
        let map = try ZoneMap(
            [.init(name: "low", shards: 0...0x3F), .init(name: "high", shards: 0x40...0xFF)], bits: .standard)
        let moved = try #require(ZonedStore(map, stores: ["low": low, "high": high]))
        #expect(try await moved.attributes(of: "20240101_70_a.des") != nil)
        #expect(try await moved.readTail("20240101_70_a.des", count: 3).bytes == Array("des".utf8))
        #expect(try await moved.attributes(of: "20240101_70_b.des") == nil)
        let error = await #expect(throws: StorageError.self) { try await moved.read("20240101_70_b.des") }
        #expect(error?.code == .notFound)
    }
}
