import DESShard
import Foundation
import Testing

@Suite struct ShardTailTests {
    private func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    @Test(arguments: GoldenShardTests.names)
    func `a golden shard is read without its header, whatever its version`(name: String) throws {
        let url = GoldenShardTests.folder.appending(path: name)
        let bytes = try [UInt8](Data(contentsOf: url))
        let reader = try ShardReader(path: url.path)
        let size = UInt64(bytes.count)
        for count in 12..<bytes.count {
            let tail = try ShardTail(Array(bytes.suffix(count)), fileSize: size, file: name)
            #expect(tail.version == nil)
            let missing = tail.missing
            let front = Array(bytes[Int(missing.lowerBound)..<Int(missing.upperBound)])
            let index = try tail.index(front: front)
            #expect(try index.entries() == reader.index.entries())
            #expect(index.version == reader.index.version || index.count == 0)
            if !front.isEmpty { #expect(throws: ShardError.self) { try tail.index(front: front.dropLast()) } }
        }
        let whole = try ShardTail(bytes, fileSize: size, file: name)
        #expect(whole.version == reader.index.version)
        #expect(whole.bytes(in: 0..<8).map(Array.init) == Array(bytes.prefix(8)))
        #expect(whole.bytes(in: 8..<(size + 1)) == nil)
    }

    @Test func `a tail that is the whole shard has its header checked`() throws {
        var bytes = try makeShard([("a", [1, 2, 3])])
        bytes[4] = 3
        let error = #expect(throws: ShardError.self) {
            try ShardTail(bytes, fileSize: UInt64(bytes.count), file: "whole.des")
        }
        #expect(error?.code == .unsupportedVersion)
        for count in 0..<12 {
            #expect(throws: ShardError.self) {
                try ShardTail(Array(bytes.suffix(count)), fileSize: UInt64(bytes.count), file: "short.des")
            }
        }
        #expect(throws: ShardError.self) { try ShardTail(bytes, fileSize: 10, file: "small.des") }
    }

    /// Two entries of version 1: an empty file, and one whose name, with zeros in it, holds an entry of version 2.
    private func twofoldIndex() -> [UInt8] {
        func fields(_ offset: UInt64) -> [UInt8] {
            little(offset) + little(UInt64(0)) + [0] + little(UInt64(0)) + little(UInt64(0))
        }
        // As version 2 the first entry goes on: its last field and the meta length end in the second one's uid.
        let inner = little(UInt16(1)) + Array("b".utf8) + [0] + fields(8) + little(UInt32(40 - 7))
        // Lengths of uid and meta are such that both ways end at the same byte.
        let uid: [UInt8] = [0, 0, 0] + inner
        return little(UInt32(2)) + little(UInt16(1)) + Array("a".utf8) + fields(0x800) + little(UInt16(uid.count)) + uid
            + fields(0x800)
    }

    @Test func `an index that both versions can read is an error without the header, and read with it`() throws {
        let index = twofoldIndex()
        for version: UInt8 in [1, 2] {
            let header = Array("DES2".utf8) + [version, 0, 0, 0]
            let shard =
                header + [UInt8](repeating: 0, count: 0x800) + index + Array("DESI".utf8) + little(UInt64(index.count))
            let size = UInt64(shard.count)
            let blind = try ShardTail(Array(shard.dropFirst(8)), fileSize: size, file: "twofold.des")
            let error = #expect(throws: ShardError.self) { try blind.index(front: []) }
            #expect(error?.code == .ambiguousVersion, "\(String(describing: error))")
            let told = try ShardTail(Array(shard.dropFirst(8)), header: header, fileSize: size, file: "twofold.des")
            let read = try told.index(front: [])
            #expect(read.version == version)
            #expect(read.count == 2)
        }
    }
}
