import DESBase
import DESStorage
import Testing

/// What ``ObjectHandle`` promises, of the handles of every store.
@Suite("Handles of every store", .timeLimit(.minutes(5)))
struct ObjectHandleTests {
    private static let key = "20240101_90_a.des"

    /// A handle of an object with these bytes, as it was listed.
    private func open(_ bytes: [UInt8], in place: ConformingStore) async throws -> any ObjectHandle {
        try await place.publish(Self.key, bytes)
        let listed = try #require(try await place.list(prefix: "20240101_").first)
        return try await place.store.open(listed)
    }

    @Test("It reads its ranges, and at once only what is there at once", arguments: StoreKind.possible)
    func reads(kind: StoreKind) async throws {
        let place = try ConformingStore(kind)
        let bytes = S3Fixture.bytes(300_000)
        let handle = try await open(bytes, in: place)
        let attributes = try await place.store.attributes(of: Self.key)
        #expect(handle.attributes == attributes)
        for range in [0..<1, 0..<300_000, 299_999..<300_000, 4000..<9000] as [Range<UInt64>] {
            let expected = Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
            #expect(try await handle.read(range) == expected)
            var output = [UInt8](repeating: 0, count: range.count)
            let isThere = output.withUnsafeMutableBytes { handle.readCached(range, into: $0) }
            if isThere { #expect(output == expected) }
        }
    }

    @Test("What is beyond its end is damage", arguments: StoreKind.possible)
    func short(kind: StoreKind) async throws {
        let place = try ConformingStore(kind)
        let handle = try await open([1, 2, 3], in: place)
        let error = await #expect(throws: StorageError.self) { try await handle.read(2..<5) }
        #expect(error?.code == .damaged && error?.key == Self.key)
        var output = [UInt8](repeating: 0, count: 3)
        let isThere = output.withUnsafeMutableBytes { handle.readCached(2..<5, into: $0) }
        #expect(!isThere)
    }

    @Test(
        "An object that was replaced or deleted is never read as another", arguments: StoreKind.possible, [true, false])
    func replaced(kind: StoreKind, isReplaced: Bool) async throws {
        let place = try ConformingStore(kind)
        let old = S3Fixture.bytes(1000, seed: 1)
        let handle = try await open(old, in: place)
        let listed = handle.attributes
        try await place.store.delete(Self.key)
        if isReplaced { try await place.publish(Self.key, S3Fixture.bytes(1000, seed: 2)) }
        let expected: StorageError.Code = isReplaced ? .changed : .notFound
        do throws(StorageError) {
            let bytes = try await handle.read(0..<1000)
            #expect(bytes == old)
        } catch {
            #expect(error.code == expected)
        }
        // Neither is it once it is opened too late.
        let error = await #expect(throws: StorageError.self) { try await place.store.open(listed).read(0..<1000) }
        #expect(error?.code == expected)
    }
}
