import DESShard
import DESTestSupport
import Foundation
import Testing

@Suite struct DamagedShardTests {
    static let files: [(uid: String, contents: [UInt8])] = [
        ("one", Array(String(repeating: "abc", count: 40).utf8)),
        ("zażółć", Array("short".utf8)),
        ("empty", []),
    ]

    /// Reads all there is; returns what was read, or the first error.
    private func readAll(_ path: String) -> Result<[String: [UInt8]], ShardError> {
        do throws(ShardError) {
            let reader = try ShardReader(path: path)
            var found: [String: [UInt8]] = [:]
            for entry in try reader.index.entries() { found[entry.uid] = try reader.contents(uid: entry.uid) }
            return .success(found)
        } catch {
            return .failure(error)
        }
    }

    @Test func `a shard cut at any offset gives an error`() throws {
        let folder = try TemporaryFolder()
        let whole = try makeShard(Self.files)
        for length in 0..<whole.count {
            let path = try folder.write("cut.des", Array(whole.prefix(length)))
            guard case .failure(let error) = readAll(path) else {
                Issue.record("cut to \(length) bytes it was read")
                continue
            }
            #expect(error.file == path)
        }
    }

    @Test(arguments: [Codec.zstd, .lz4, .none])
    func `a flipped bit at any offset never gives wrong bytes`(codec: Codec) throws {
        let folder = try TemporaryFolder()
        let whole = try makeShard(Self.files, compression: CompressionSettings(codec: codec, level: 1))
        let expected = Dictionary(uniqueKeysWithValues: Self.files.map { ($0.uid, $0.contents) })
        for offset in 0..<whole.count {
            for bit in 0..<8 {
                var damaged = whole
                damaged[offset] ^= 1 << bit
                let path = try folder.write("flip.des", damaged)
                guard case .success(let found) = readAll(path) else { continue }
                // A flip in a uid or in the time of the meta is not protected by a checksum; content always is.
                for contents in found.values where !expected.values.contains(contents) {
                    Issue.record("bit \(bit) of byte \(offset) flipped gave \(contents.count) wrong bytes")
                }
            }
        }
    }

    /// A shard by hand: data, entries, and what the footer claims.
    private func shard(
        data: [UInt8] = Array("payload".utf8), version: UInt8 = 2, count: UInt32? = nil, entries: [[UInt8]]
    ) -> [UInt8] {
        func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        let index = bytes(count ?? UInt32(entries.count)) + entries.flatMap { $0 }
        return Array("DES2".utf8) + [version, 0, 0, 0] + data + index + Array("DESI".utf8) + bytes(UInt64(index.count))
    }

    private func entry(
        _ uid: [UInt8], offset: UInt64 = 8, stored: UInt64 = 7, length: UInt64? = nil, codec: UInt8 = 0,
        size: UInt64 = 7, meta: String = "", flags: UInt8 = 0
    ) -> [UInt8] {
        func bytes<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        return bytes(UInt16(uid.count)) + uid + [flags] + bytes(offset) + bytes(length ?? stored) + [codec]
            + bytes(stored) + bytes(size) + bytes(UInt32(meta.utf8.count)) + Array(meta.utf8)
    }

    @Test func `each broken rule of the format is an error of its own kind`() throws {
        let folder = try TemporaryFolder()
        let a = Array("a".utf8)
        let cases: [(String, [UInt8], ShardError.Code)] = [
            ("two entries with one uid", shard(entries: [entry(a), entry(a)]), .duplicateUID),
            ("range before DATA", shard(entries: [entry(a, offset: 7)]), .malformed),
            ("range after DATA", shard(entries: [entry(a, offset: 9)]), .malformed),
            ("range that overflows", shard(entries: [entry(a, offset: .max, stored: 9)]), .malformed),
            ("length other than compressed_size", shard(entries: [entry(a, length: 6)]), .malformed),
            ("uid not UTF-8", shard(entries: [entry([0xFF, 0xFE])]), .malformed),
            ("unknown flag", shard(entries: [entry(a, flags: 2)]), .malformed),
            ("count too small", shard(count: 1, entries: [entry(a), entry([98])]), .malformed),
            ("count too large", shard(count: 3, entries: [entry(a)]), .malformed),
            ("count beyond reason", shard(count: .max, entries: [entry(a)]), .malformed),
            ("meta not an object", shard(entries: [entry(a, meta: "[1]")]), .malformed),
            ("meta not JSON", shard(entries: [entry(a, meta: "{")]), .malformed),
            ("crc32 not hexadecimal", shard(entries: [entry(a, meta: #"{"crc32":"xyz"}"#)]), .malformed),
            ("wrong crc32", shard(entries: [entry(a, meta: #"{"crc32":"00000000"}"#)]), .corrupt),
            ("unknown codec", shard(entries: [entry(a, codec: 9)]), .unsupportedCodec),
            ("sizes that differ without compression", shard(entries: [entry(a, size: 8)]), .malformed),
            ("not zstd", shard(entries: [entry(a, codec: 1)]), .corrupt),
            ("not lz4", shard(entries: [entry(a, codec: 2)]), .corrupt),
            ("zstd that claims exabytes", shard(entries: [entry(a, codec: 1, size: 1 << 59)]), .corrupt),
            ("a size that no file has", shard(entries: [entry(a, codec: 1, size: 1 << 63 - 1)]), .malformed),
            ("unknown version", shard(version: 3, entries: [entry(a)]), .unsupportedVersion),
            ("other magic", Array("PK".utf8) + shard(entries: [entry(a)]), .notAShard),
        ]
        for (name, bytes, code) in cases {
            let path = try folder.write("bad.des", bytes)
            guard case .failure(let error) = readAll(path) else {
                Issue.record("\(name): it was read")
                continue
            }
            #expect(error.code == code, "\(name): \(error)")
            #expect(error.description.contains("bad.des"))
        }
    }

    @Test func `one damaged entry leaves the others readable and is named`() throws {
        let folder = try TemporaryFolder()
        var bytes = try makeShard(Self.files, compression: CompressionSettings(codec: .none))
        bytes[8] ^= 1
        let reader = try ShardReader(path: folder.write("damaged.des", bytes))
        var damaged: [String] = []
        var whole: [String] = []
        reader.verify {
            switch $0 {
            case .success(let entry): whole.append(entry.uid)
            case .failure(let error): damaged.append(error.uid ?? "")
            }
        }
        #expect(damaged == ["one"])
        #expect(whole == ["zażółć", "empty"])
    }

    @Test func `a missing, shortened or changed big file is an error`() throws {
        let folder = try TemporaryFolder()
        let golden = GoldenShardTests.folder
        let manager = FileManager.default
        try manager.copyItem(atPath: golden.path, toPath: folder("copy"))
        let shard = folder("copy/v2-bigfile.des")
        let bigFiles = folder("copy/_bigFiles")
        let name = try #require(try manager.contentsOfDirectory(atPath: bigFiles).first)
        let path = bigFiles + "/" + name
        let original = try #require(manager.contents(atPath: path))
        func firstDamage() throws -> ShardError? {
            var found: ShardError?
            try ShardReader(path: shard).verify { if case .failure(let error) = $0 { found = found ?? error } }
            return found
        }
        #expect(try firstDamage() == nil)
        try original.dropLast().write(to: URL(filePath: path))
        #expect(try firstDamage()?.code == .corrupt)
        var changed = original
        changed[10] ^= 1
        try changed.write(to: URL(filePath: path))
        #expect(try firstDamage()?.code == .corrupt)
        try manager.removeItem(atPath: path)
        #expect(try firstDamage()?.code == .bigFileUnavailable)
        // Reading a device in its place would never end.
        try manager.createSymbolicLink(atPath: path, withDestinationPath: "/dev/zero")
        #expect(try firstDamage()?.code == .corrupt)
    }
}
