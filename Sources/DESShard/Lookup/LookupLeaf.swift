import DESBase

/// One leaf of a lookup table, taken apart and checked: the entries of the uids that fall to it.
package final class LookupLeaf: Sendable {
    /// How many entries it has.
    package let count: Int
    private let storage: ByteBuffer
    private let table: PackedUIDTable
    private let source: EntrySource

    /// - Parameters:
    ///   - frame: the leaf as it is stored, or nothing for an empty one.
    ///   - checksum: of the stored bytes.
    ///   - largestSize: what its entries can take at most, in bytes.
    ///   - dataEnd: where payloads must end.
    init(
        frame: UnsafeRawBufferPointer, checksum: CRC32, largestSize: UInt64, source: EntrySource, dataEnd: UInt64
    ) throws(ShardError) {
        func damaged(_ message: String) -> ShardError {
            ShardError(.corrupt, file: source.file, offset: source.start, "a leaf of the lookup table: \(message)")
        }
        let found = CRC32(of: frame)
        guard found == checksum else { throw damaged("expected CRC-32 \(checksum), found \(found)") }
        let storage = ByteBuffer()
        // Its bytes are a pointer, which keeps nothing alive.
        defer { withExtendedLifetime(storage) {} }
        if !frame.isEmpty {
            guard let size = ZstdFrame.contentSize(of: frame), size > 0, size <= largestSize, size < 1 << 40 else {
                throw damaged("expected one zstd frame of 1 to \(largestSize) bytes")
            }
            do throws(PayloadDecompressor.Failure) {
                try PayloadDecompressor().append(frame, codec: .zstd, size: Int(size), to: storage)
            } catch {
                throw damaged(error.message)
            }
        }
        let bytes = storage.bytes
        var uids: [Range<Int>] = []
        do throws(EntryFailure) {
            var position = 0
            while position < bytes.count {
                let entry = try RawEntry(index: bytes, at: position, version: ShardFormat.writtenVersion)
                try entry.check(index: bytes, dataEnd: dataEnd)
                uids.append(entry.uid)
                position = entry.end
            }
        } catch {
            throw damaged(error.message)
        }
        var filler = TableFiller(bytes: bytes, expectedCount: uids.count, seed: .random(in: .min ... .max))
        for uid in uids { filler.add(uid, at: uid.lowerBound - 2) }
        guard filler.finish() == nil else { throw damaged("two entries with one uid") }
        table = filler.takeTable()
        count = uids.count
        self.storage = storage
        self.source = source
    }

    /// Memory that the leaf takes, in bytes.
    package var sizeInBytes: Int { storage.capacity + table.sizeInBytes }

    /// The entry of a uid, byte for byte the same; nil if the shard does not have it.
    ///
    /// - Throws: `ShardError` when the entry is there but damaged.
    package func entry(uid: String) throws(ShardError) -> ShardEntry? {
        var uid = uid
        let bytes = storage.bytes
        let position = uid.withUTF8 { table.find(UnsafeRawBufferPointer($0), in: bytes) }
        guard let position else { return nil }
        return try source.entry(at: position, in: bytes, version: ShardFormat.writtenVersion)
    }

    /// Whether every entry satisfies a condition, given its bytes and those of its uid.
    func allSatisfy(_ condition: (UnsafeRawBufferPointer, _ uid: UnsafeRawBufferPointer) -> Bool) -> Bool {
        let bytes = storage.bytes
        var position = 0
        while position < bytes.count {
            guard let raw = try? source.raw(at: position, in: bytes, version: ShardFormat.writtenVersion),
                condition(
                    UnsafeRawBufferPointer(rebasing: bytes[position..<raw.end]),
                    UnsafeRawBufferPointer(rebasing: bytes[raw.uid]))
            else { return false }
            position = raw.end
        }
        return true
    }
}
