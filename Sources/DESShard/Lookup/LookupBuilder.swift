import CLinux
import DESBase

/// Makes LOOKUP from a finished INDEX, leaf by leaf: besides the index it takes the memory of one leaf, and 8 bytes an
/// entry.
struct LookupBuilder {
    /// Fast, and nearly as small as the default level on entries, whose larger part is noise.
    private static let compressionLevel = 1
    /// From here on a block's memory is not kept for the next leaf.
    private static let largeLeaf = 1 << 20
    private static let lookahead = 8

    private let index: UnsafeRawBufferPointer
    private let entryCount: Int
    private let leafBits: Int

    /// - Parameter index: all of INDEX, version 2, its count included; it outlives the builder.
    init(index: UnsafeRawBufferPointer, entryCount: Int) {
        self.index = index
        self.entryCount = entryCount
        leafBits = LookupFormat.leafBits(entryCount: entryCount)
    }

    /// What LOOKUP takes at most, in bytes.
    static func largestSize(indexSize: Int, entryCount: Int) -> UInt64 {
        let leaves = 1 << LookupFormat.leafBits(entryCount: entryCount)
        // A frame of incompressible bytes has a header and three bytes for each 128 KiB more than they; 64 is the bound
        // that zstd gives for a small block, and a 256th that for a large one.
        return UInt64(
            indexSize + indexSize / 256 + leaves * (64 + LookupFormat.rootSlotSize) + LookupFormat.trailerSize)
    }

    /// Hands LOOKUP to `emit` in pieces, in order.
    ///
    /// - Returns: false if there can be no table; what was handed over by then is to be ignored by readers.
    /// - Throws: what `emit` throws.
    func write(to emit: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        guard let leaves = grouped() else { return false }
        let compressor = ZstdFrameCompressor(level: Self.compressionLevel)
        let root = ByteBuffer(capacity: (1 << leafBits) * LookupFormat.rootSlotSize)
        var block = ByteBuffer()
        var frame = ByteBuffer()
        // Their bytes are pointers, which keep nothing alive.
        defer { withExtendedLifetime((root, block, frame)) {} }
        for leaf in 0..<(1 << leafBits) {
            let members = leaves.starts[leaf]..<leaves.starts[leaf + 1]
            block.removeAll()
            frame.removeAll()
            for member in members {
                prefetch(leaves.positions, member + Self.lookahead)
                let position = leaves.positions[member]
                guard let end = entry(at: position)?.end else { return false }
                block.append(UnsafeRawBufferPointer(rebasing: index[position..<end]))
            }
            if !members.isEmpty {
                guard compressor.append(block.bytes, to: frame), frame.count <= Int(UInt32.max) else { return false }
                try emit(frame.bytes)
            }
            root.append(littleEndian: UInt32(frame.count))
            root.append(littleEndian: CRC32(of: frame.bytes).value)
            if block.capacity > Self.largeLeaf { (block, frame) = (ByteBuffer(), ByteBuffer()) }
        }
        try emit(root.bytes)
        let trailer = trailer(root)
        defer { withExtendedLifetime(trailer) {} }
        try emit(trailer.bytes)
        return true
    }

    private func trailer(_ root: ByteBuffer) -> ByteBuffer {
        let trailer = ByteBuffer()
        LookupFormat.magic.withUnsafeBytes { trailer.append($0) }
        trailer.append(littleEndian: UInt32(leafBits))
        trailer.append(littleEndian: UInt32(entryCount))
        trailer.append(littleEndian: UInt64(index.count))
        trailer.append(littleEndian: CRC32(of: root.bytes).value)
        trailer.append(littleEndian: LookupFormat.indexEndChecksum(index).value)
        trailer.append(littleEndian: CRC32(of: trailer.bytes).value)
        return trailer
    }

    /// The places of all entries, leaf after leaf, in the order of INDEX within one; nil if INDEX cannot be walked.
    private func grouped() -> (positions: [Int], starts: [Int])? {
        var starts = [Int](repeating: 0, count: (1 << leafBits) + 1)
        var isWhole = forEachEntry { _, leaf in starts[leaf + 1] += 1 }
        guard isWhole else { return nil }
        for leaf in 1..<starts.count { starts[leaf] += starts[leaf - 1] }
        var next = starts
        var positions = [Int](repeating: 0, count: entryCount)
        isWhole = forEachEntry { position, leaf in
            positions[next[leaf]] = position
            next[leaf] += 1
        }
        return isWhole ? (positions, starts) : nil
    }

    private func forEachEntry(_ body: (_ position: Int, _ leaf: Int) -> Void) -> Bool {
        var position = ShardFormat.entryCountSize
        for _ in 0..<entryCount {
            guard let entry = entry(at: position) else { return false }
            let uid = UnsafeRawBufferPointer(rebasing: index[entry.uid])
            body(position, LookupFormat.leaf(of: uid, leafBits: leafBits))
            position = entry.end
        }
        return true
    }

    @inline(__always)
    private func entry(at position: Int) -> RawEntry? {
        try? RawEntry(index: index, at: position, version: ShardFormat.writtenVersion)
    }

    /// The entries of a leaf are far apart: nearly all the time of gathering them goes into waiting for memory.
    @inline(__always)
    private func prefetch(_ positions: [Int], _ number: Int) {
        guard number < positions.count, let base = index.baseAddress else { return }
        des_prefetch(base + positions[number])
    }
}
