import DESBase

/// Writes a DES2 shard, version 2, front to back. Memory holds its index and at most `bufferSize` bytes of data; while a
/// shard with a lookup table is finished, 8 bytes an entry and a few hundred entries more.
///
/// Not thread-safe; one owner a shard. After an error the file is to be thrown away.
public final class ShardWriter<Sink: ShardSink> {
    private let name: String
    private let sink: Sink
    private let bufferSize: Int
    private let lookupThreshold: Int
    private let index = ByteBuffer(capacity: 4 << 10)
    private var table: UIDTable
    private let data: ByteBuffer
    private var dataEnd = DataEnd()
    private var written: UInt64 = 0

    /// The CRC-32 of INDEX as it was written, once the shard is finished.
    package private(set) var indexChecksum = CRC32()

    /// How many entries were appended.
    public private(set) var entryCount = 0

    /// - Parameters:
    ///   - name: what errors call the shard.
    ///   - sink: where the bytes go; the header is written with the first of them.
    ///   - bufferSize: data gathered before it is handed to the sink, in bytes.
    public convenience init(name: String, sink: Sink, bufferSize: Int = 64 << 10) {
        self.init(name: name, sink: sink, bufferSize: bufferSize, lookupThreshold: 4_096)
    }

    /// - Parameter lookupThreshold: a shard with more entries gets a lookup table.
    package init(name: String, sink: Sink, bufferSize: Int = 64 << 10, lookupThreshold: Int) {
        self.name = name
        self.sink = sink
        self.bufferSize = bufferSize
        self.lookupThreshold = lookupThreshold
        table = UIDTable(expectedCount: 0, seed: .random(in: .min ... .max))
        data = ByteBuffer(capacity: min(bufferSize, 4 << 10))
        index.append(littleEndian: UInt32(0))
        ShardFormat.headerMagic.withUnsafeBytes { data.append($0) }
        data.append(littleEndian: ShardFormat.writtenVersion)
        [0, 0, 0].withUnsafeBytes { data.append(UnsafeRawBufferPointer(rebasing: $0.prefix(3))) }
    }

    /// Size of the file if it were finished now, in bytes: never less than it would be, and more only by what compressing
    /// the lookup table saves. The table is in it from the last entry on that goes without one, so that there is room for
    /// it when the next is appended.
    public var sizeInBytes: UInt64 {
        let table: UInt64
        if entryCount >= lookupThreshold {
            table = LookupBuilder.largestSize(indexSize: index.count, entryCount: entryCount + 1)
        } else {
            table = dataEnd.resemblesTrailer ? UInt64(LookupFormat.trailerSize) : 0
        }
        return written + UInt64(data.count) + table + UInt64(index.count) + UInt64(ShardFormat.footerSize)
    }

    /// Bytes handed to the sink; after `finish` the size of the file.
    public var writtenBytes: UInt64 { written }

    /// Memory that index and buffer take, in bytes.
    public var memoryInBytes: Int { index.capacity + table.sizeInBytes + data.capacity }

    /// Whether an entry with this uid was appended.
    public func contains(uid: String) -> Bool {
        var uid = uid
        return uid.withUTF8 { contains(UnsafeRawBufferPointer($0)) }
    }

    private func contains(_ uid: UnsafeRawBufferPointer) -> Bool {
        let bytes = index.bytes
        return table.find(uid) { UIDTable.uid(in: bytes, at: $0).hasSameBytes(as: uid) } != nil
    }

    /// Appends a file whose stored bytes are given.
    ///
    /// - Parameters:
    ///   - size: of the original bytes.
    ///   - meta: a JSON object as UTF-8, or nothing.
    /// - Throws: `ShardError` for what the format cannot hold, else what the sink throws.
    public func append(
        uid: String, stored: UnsafeRawBufferPointer, codec: Codec, size: UInt64, meta: UnsafeRawBufferPointer
    ) throws {
        let offset = written + UInt64(data.count)
        try beginEntry(uid: uid, flags: 0, metaSize: meta.count)
        index.append(littleEndian: offset)
        index.append(littleEndian: UInt64(stored.count))
        index.append(littleEndian: codec.rawValue)
        index.append(littleEndian: UInt64(stored.count))
        index.append(littleEndian: size)
        endEntry(meta: meta)
        dataEnd.append(stored)
        try write(stored)
    }

    /// Appends a file that lies in `_bigFiles/<sha256>`.
    ///
    /// - Throws: `ShardError` for what the format cannot hold.
    public func appendBigFile(uid: String, sha256: String, size: UInt64, meta: UnsafeRawBufferPointer) throws {
        try beginEntry(uid: uid, flags: ShardFormat.bigFileFlag, metaSize: meta.count)
        index.append(littleEndian: UInt16(sha256.utf8.count))
        Array(sha256.utf8).withUnsafeBytes { index.append($0) }
        index.append(littleEndian: size)
        endEntry(meta: meta)
    }

    /// Writes the lookup table of a large shard, index and footer; nothing can be appended afterwards.
    public func finish() throws {
        index.replace(at: 0, littleEndian: UInt32(entryCount))
        let hasTable = try entryCount > lookupThreshold && writeLookup()
        if !hasTable && dataEnd.resemblesTrailer { try writePadding() }
        try flush()
        indexChecksum.update(index.bytes)
        try sink.write(index.bytes)
        written += UInt64(index.count)
        ShardFormat.footerMagic.withUnsafeBytes { data.append($0) }
        data.append(littleEndian: UInt64(index.count))
        try flush()
    }

    /// False if there can be none; the shard is whole without it.
    private func writeLookup() throws -> Bool {
        let builder = LookupBuilder(index: index.bytes, entryCount: entryCount)
        let isWritten = try builder.write { piece in
            dataEnd.append(piece)
            try write(piece)
        }
        return isWritten
    }

    /// Zeros that no reader takes for the end of a lookup table.
    private func writePadding() throws {
        try [UInt8](repeating: 0, count: LookupFormat.trailerSize).withUnsafeBytes { try write($0) }
    }

    private func beginEntry(uid: String, flags: UInt8, metaSize: Int) throws {
        var uid = uid
        try uid.withUTF8 { utf8 in
            let bytes = UnsafeRawBufferPointer(utf8)
            guard bytes.count <= ShardFormat.maximumUIDLength else {
                throw ShardError(
                    .invalidEntry, file: name,
                    "a uid has at most \(ShardFormat.maximumUIDLength) bytes, this one has \(bytes.count)"
                )
            }
            guard metaSize <= Int(UInt32.max), entryCount < Int(UInt32.max), index.count < UIDTable.maximumOffset else {
                throw ShardError(.invalidEntry, file: name, "the meta or the index is too large")
            }
            let start = index.count
            let known = index.bytes
            let existing = table.insert(
                bytes, offset: start,
                isMatch: { UIDTable.uid(in: known, at: $0).hasSameBytes(as: bytes) },
                uidAt: { UIDTable.uid(in: known, at: $0) }
            )
            guard existing == nil else {
                throw ShardError(
                    .duplicateUID, file: name, uid: String(decoding: bytes, as: UTF8.self), "the shard has it already"
                )
            }
            index.append(littleEndian: UInt16(bytes.count))
            index.append(bytes)
        }
        index.append(littleEndian: flags)
    }

    private func endEntry(meta: UnsafeRawBufferPointer) {
        index.append(littleEndian: UInt32(meta.count))
        index.append(meta)
        entryCount += 1
    }

    private func write(_ bytes: UnsafeRawBufferPointer) throws {
        if bytes.count >= bufferSize {
            try flush()
            try sink.write(bytes)
            written += UInt64(bytes.count)
        } else {
            data.append(bytes)
            if data.count >= bufferSize { try flush() }
        }
    }

    private func flush() throws {
        guard data.count > 0 else { return }
        try sink.write(data.bytes)
        written += UInt64(data.count)
        data.removeAll()
    }
}
