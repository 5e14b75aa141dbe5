import DESBase

/// The lookup table of a large shard: tells which few KiB hold the entry of a uid, so that the index need not be read.
///
/// It does no I/O. A caller reads the end of the shard (``ShardTail``), then ``region(indexStart:)``, then the leaf that
/// ``leafRange(ofUID:)`` names; where anything is missing or damaged, the index answers instead. See <doc:LookupTable>.
package struct LookupTable: Sendable {
    /// How many entries the shard has.
    package let entryCount: Int
    /// Where LEAVES begin, which is also where payloads must end.
    package let dataEnd: UInt64

    let leafBits: Int
    /// Bytes of INDEX, which no leaf can exceed when it is decompressed.
    private let indexSize: UInt64
    private let file: String
    /// Where each leaf begins in the file, and at last where ROOT does.
    private let starts: [UInt64]
    private let checksums: [UInt32]

    /// What to read before INDEX to have the table, if there is one: at most 32 KiB and 36 bytes. May be empty.
    package static func region(indexStart: UInt64) -> Range<UInt64> {
        let size = UInt64(LookupFormat.rootSlotSize << LookupFormat.largestLeafBits + LookupFormat.trailerSize)
        let header = min(UInt64(ShardFormat.headerSize), indexStart)
        return (indexStart - min(size, indexStart - header))..<indexStart
    }

    /// Whether bytes that end where INDEX begins should have a table: writers see to it that nothing else looks like the beginning of
    /// its trailer.
    package static func hasMark(_ bytes: [UInt8]) -> Bool {
        bytes.suffix(LookupFormat.trailerSize).starts(with: LookupFormat.magic)
    }

    /// Nil if there is no table or it is damaged: both mean that the index is to be used.
    ///
    /// - Parameters:
    ///   - bytes: what ends where INDEX begins: those of ``region(indexStart:)``; fewer do if they have all of ROOT.
    ///   - tail: the end of the same shard.
    package init?(parsing bytes: [UInt8], tail: ShardTail) {
        let table = bytes.withUnsafeBytes { LookupTable($0, tail) }
        guard let table else { return nil }
        self = table
    }

    private init?(_ bytes: UnsafeRawBufferPointer, _ tail: ShardTail) {
        guard bytes.count >= LookupFormat.trailerSize, UInt64(bytes.count) <= tail.indexStart,
            tail.version ?? ShardFormat.writtenVersion == ShardFormat.writtenVersion,
            let indexEnd = tail.indexEndChecksum
        else { return nil }
        let trailerStart = bytes.count - LookupFormat.trailerSize
        let trailer = UnsafeRawBufferPointer(rebasing: bytes[trailerStart...])
        let covered = UnsafeRawBufferPointer(rebasing: trailer.prefix(LookupFormat.trailerChecksumOffset))
        guard trailer.starts(with: LookupFormat.magic),
            CRC32(of: covered).value == trailer.littleEndian(UInt32.self, at: LookupFormat.trailerChecksumOffset)
        else { return nil }

        // A byte and three that are zero: read as one number, these need no check of their own.
        let bits = trailer.littleEndian(UInt32.self, at: 8)
        let count = trailer.littleEndian(UInt32.self, at: 12)
        guard bits <= UInt32(LookupFormat.largestLeafBits),
            trailer.littleEndian(UInt64.self, at: 16) == tail.indexSize,
            UInt64(count) <= tail.indexSize / UInt64(LookupFormat.smallestEntry),
            trailer.littleEndian(UInt32.self, at: 28) == indexEnd.value
        else { return nil }
        let rootSize = LookupFormat.rootSlotSize << Int(bits)
        guard rootSize <= trailerStart else { return nil }
        let root = UnsafeRawBufferPointer(rebasing: bytes[(trailerStart - rootSize)..<trailerStart])
        guard CRC32(of: root).value == trailer.littleEndian(UInt32.self, at: 24) else { return nil }

        // At most 4,096 numbers of 32 bits: the sum cannot overflow.
        var ends: [UInt64] = [0]
        var checksums: [UInt32] = []
        for slot in stride(from: 0, to: rootSize, by: LookupFormat.rootSlotSize) {
            ends.append(ends[ends.count - 1] + UInt64(root.littleEndian(UInt32.self, at: slot)))
            checksums.append(root.littleEndian(UInt32.self, at: slot + 4))
        }
        let rootStart = tail.indexStart - UInt64(LookupFormat.trailerSize + rootSize)
        let leavesSize = ends[ends.count - 1]
        guard rootStart >= UInt64(ShardFormat.headerSize), leavesSize <= rootStart - UInt64(ShardFormat.headerSize)
        else { return nil }
        let dataEnd = rootStart - leavesSize
        self.dataEnd = dataEnd
        starts = ends.map { dataEnd + $0 }
        self.checksums = checksums
        leafBits = Int(bits)
        entryCount = Int(count)
        indexSize = tail.indexSize
        file = tail.file
    }

    /// Memory that the table takes, in bytes.
    package var sizeInBytes: Int { starts.count * 8 + checksums.count * 4 + file.utf8.count }

    /// Which leaf would have a uid, and where it lies. Where the range is empty, the shard does not have the uid.
    package func leafRange(ofUID uid: String) -> (number: Int, range: Range<UInt64>) {
        var uid = uid
        let number = uid.withUTF8 { LookupFormat.leaf(of: UnsafeRawBufferPointer($0), leafBits: leafBits) }
        return (number, range(ofLeaf: number))
    }

    var leafCount: Int { checksums.count }

    func range(ofLeaf number: Int) -> Range<UInt64> { starts[number]..<starts[number + 1] }

    /// A leaf, checked, to be asked more than once.
    ///
    /// - Parameters:
    ///   - number: as ``leafRange(ofUID:)`` gave it.
    ///   - stored: the bytes of its range.
    /// - Throws: `ShardError` when they are not those that were written, or break a rule of the format; the index
    ///   answers then.
    package func leaf(_ number: Int, stored: [UInt8]) throws(ShardError) -> LookupLeaf {
        guard number >= 0, number < checksums.count else {
            throw ShardError(
                .malformed, file: file, "a lookup table of \(checksums.count) leaves has none of \(number)")
        }
        let start = starts[number]
        let size = starts[number + 1] - start
        guard UInt64(stored.count) == size else {
            throw ShardError(
                .inputOutput, file: file, offset: start,
                "expected \(size) bytes of a lookup leaf, found \(stored.count)")
        }
        let result = stored.withUnsafeBytes { stored in
            Result { () throws(ShardError) in
                try LookupLeaf(
                    frame: stored, checksum: CRC32(value: checksums[number]), largestSize: indexSize,
                    source: EntrySource(file: file, start: start, isCompressed: true), dataEnd: dataEnd)
            }
        }
        return try result.get()
    }

    /// The entry of a uid from the bytes of its leaf; nil if the shard does not have it.
    ///
    /// - Parameter stored: the bytes of ``leafRange(ofUID:)``.
    /// - Throws: `ShardError` when they are not those that were written, or break a rule of the format; the index
    ///   answers then.
    package func entry(uid: String, leaf stored: [UInt8]) throws(ShardError) -> ShardEntry? {
        try leaf(leafRange(ofUID: uid).number, stored: stored).entry(uid: uid)
    }
}
