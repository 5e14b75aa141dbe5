import DESBase
import DESShard
import Foundation
import Testing

@Suite struct GoldenShardTests {
    struct Expected: Decodable, Sendable {
        let sha256: String
        let size: UInt64
        let meta: [String: AnyJSON]
    }

    static let folder = Bundle.module.resourceURL!.appending(path: "Golden/des2")
    static let names = [
        "v1-legacy.des", "v2-bigfile.des", "v2-empty.des", "v2-lz4.des", "v2-none.des", "v2-zstd.des", "v2-zstd9.des",
    ]

    private func expectedFiles() throws -> [String: [String: Expected]] {
        let data = try Data(contentsOf: Self.folder.appending(path: "expected.json"))
        return try JSONDecoder().decode([String: [String: Expected]].self, from: data)
    }

    @Test(arguments: names)
    func `every file of a golden shard is read to the byte`(name: String) throws {
        let reader = try ShardReader(path: Self.folder.appending(path: name).path)
        let expected = try #require(try expectedFiles()[name])
        #expect(try Set(reader.index.entries().map(\.uid)) == Set(expected.keys))
        for (uid, file) in expected {
            let entry = try #require(try reader.index.entry(uid: uid))
            let contents = try #require(try reader.contents(uid: uid))
            #expect(entry.size == file.size)
            #expect(UInt64(contents.count) == file.size)
            let hash = SHA256()
            contents.withUnsafeBytes { hash.update($0) }
            #expect(hash.finish() == file.sha256)
            if entry.meta.json.isEmpty {
                #expect(file.meta.isEmpty)
            } else {
                let meta = try JSONDecoder().decode([String: AnyJSON].self, from: Data(entry.meta.json.utf8))
                #expect(meta == file.meta)
            }
        }
        var damaged: [String] = []
        reader.verify { if case .failure(let error) = $0 { damaged.append(error.description) } }
        #expect(damaged == [])
        #expect(try reader.contents(uid: "no such uid") == nil)
    }
}

/// JSON as a value that can be compared.
enum AnyJSON: Decodable, Equatable, Sendable {
    case null, bool(Bool), number(Double), text(String), list([AnyJSON]), object([String: AnyJSON])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .bool(value)
        } else if let value = try? container.decode(Double.self) {
            self = .number(value)
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([AnyJSON].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: AnyJSON].self))
        }
    }
}
