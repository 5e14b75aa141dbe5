package import DESShard

/// The bytes of a shard that say what is in it: its end, and what was read besides. They are what processes share.
package struct DirectoryBytes: Sendable {
    package enum Kind: UInt8 {
        /// The rest is the part of the index that the end does not have.
        case index = 0
        /// The rest is the lookup table's root.
        case table = 1
    }

    private static let headSize = 5
    /// How much of the index's end says that a lookup table belongs to it.
    private static let tableProof: UInt64 = 32 << 10

    package let kind: Kind
    let tail: [UInt8]
    let rest: [UInt8]

    init(_ kind: Kind, tail: [UInt8], rest: [UInt8]) {
        self.kind = kind
        self.tail = tail
        self.rest = rest
    }

    /// Nil for bytes that are none.
    package init?(decoding bytes: [UInt8]) {
        guard bytes.count >= Self.headSize, let kind = Kind(rawValue: bytes[0]) else { return nil }
        let tailSize = bytes[1..<Self.headSize].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard tailSize <= bytes.count - Self.headSize else { return nil }
        self.kind = kind
        tail = Array(bytes[Self.headSize..<(Self.headSize + tailSize)])
        rest = Array(bytes[(Self.headSize + tailSize)...])
    }

    /// Kind, size of the tail as u32 in little-endian, tail, rest; without what the tail has of payloads.
    package func encoded(indexSize: UInt64) -> [UInt8] {
        let needed = kind == .table ? min(indexSize, Self.tableProof) : indexSize
        let tail = tail.suffix(ShardFormat.footerSize + Int(clamping: needed))
        let size = UInt32(tail.count)
        var bytes = [kind.rawValue]
        bytes.reserveCapacity(Self.headSize + tail.count + rest.count)
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: size >> shift)) }
        return bytes + tail + rest
    }

    /// Whether there should be a lookup table.
    var hasTableMark: Bool { LookupTable.hasMark(rest) }

    /// - Parameter header: of the shard, if it was read.
    /// - Returns: nil if there is no whole lookup table in bytes that should have one.
    package func directory(
        fileSize: UInt64, file: String, header: [UInt8]? = nil
    ) throws(ShardError) -> RemoteShard.Directory? {
        let tail = try ShardTail(tail, header: header, fileSize: fileSize, file: file)
        switch kind {
        case .index: return .index(try tail.index(front: rest))
        case .table: return LookupTable(parsing: rest, tail: tail).map { .table($0) }
        }
    }
}
