/// The index of one shard: its raw bytes and a hash table over them, nothing an entry. Finds a uid in constant time.
public final class ShardIndex: Sendable {
    /// How many entries the shard has.
    public let count: Int
    /// 1 or 2.
    public let version: UInt8
    /// What the caller calls the shard; stands in errors.
    public let file: String

    private let storage: ByteBuffer
    private let table: UIDTable
    /// Where the index begins in the shard, which is also where payloads must end.
    private let indexStart: UInt64

    /// Takes in and checks the bytes of an index.
    ///
    /// - Parameters:
    ///   - storage: INDEX, entry count included, as it stands in the file.
    ///   - indexStart: offset of INDEX in the file.
    ///   - seed: of the hash table.
    /// - Throws: `ShardError` when the index breaks a rule of the format.
    package init(
        storage: ByteBuffer, version: UInt8, indexStart: UInt64, file: String, seed: UInt64
    ) throws(ShardError) {
        func malformed(_ offset: Int, _ message: String) -> ShardError {
            ShardError(.malformed, file: file, offset: indexStart + UInt64(offset), message)
        }
        let bytes = storage.bytes
        guard bytes.count >= ShardFormat.entryCountSize else {
            throw malformed(0, "expected an entry count, the index has \(bytes.count) bytes")
        }
        let declaredCount = Int(bytes.littleEndian(UInt32.self, at: 0))
        // The smallest entry tells how many can be there at most, so a wrong count allocates nothing.
        let smallestEntry = version >= 2 ? 2 + 1 + 2 + 8 + 4 : 2 + ShardFormat.inlineFieldsSize
        guard declaredCount <= (bytes.count - ShardFormat.entryCountSize) / smallestEntry,
            bytes.count < UIDTable.maximumOffset
        else { throw malformed(0, "the index of \(bytes.count) bytes cannot hold \(declaredCount) entries") }

        var filler = TableFiller(bytes: bytes, expectedCount: declaredCount, seed: seed)
        var position = ShardFormat.entryCountSize
        for _ in 0..<declaredCount {
            let entry: RawEntry
            do throws(EntryFailure) {
                entry = try RawEntry(index: bytes, at: position, version: version)
                try entry.check(index: bytes, indexStart: indexStart)
            } catch {
                throw malformed(error.offset, error.message)
            }
            filler.add(entry.uid, at: position)
            position = entry.end
        }
        if let duplicate = filler.finish() {
            throw ShardError(
                .duplicateUID, file: file, offset: indexStart + UInt64(duplicate),
                uid: String(decoding: UIDTable.uid(in: bytes, at: duplicate), as: UTF8.self),
                "a second entry with this uid"
            )
        }
        guard position == bytes.count else {
            throw malformed(position, "\(bytes.count - position) bytes follow the last of \(declaredCount) entries")
        }
        self.storage = storage
        self.table = filler.takeTable()
        self.count = declaredCount
        self.version = version
        self.indexStart = indexStart
        self.file = file
    }

    /// The CRC-32 of INDEX as it was read.
    package var checksum: CRC32 { CRC32(of: storage.bytes) }

    /// Memory that the index takes, in bytes.
    public var sizeInBytes: Int { storage.capacity + table.sizeInBytes }

    /// The entry of a uid.
    ///
    /// - Throws: `ShardError` when the entry is there but damaged.
    public func entry(uid: String) throws(ShardError) -> ShardEntry? {
        var uid = uid
        let position: Int? = uid.withUTF8 { uid in
            let uid = UnsafeRawBufferPointer(uid)
            let bytes = storage.bytes
            return table.find(uid) { UIDTable.uid(in: bytes, at: $0).hasSameBytes(as: uid) }
        }
        guard let position else { return nil }
        return try materialize(rawEntry(at: position))
    }

    /// Gives every entry in the order in which they were added. An entry whose meta is damaged comes as an error, and
    /// the walk goes on.
    public func forEachEntry(_ body: (Result<ShardEntry, ShardError>) throws -> Void) rethrows {
        var position = ShardFormat.entryCountSize
        for _ in 0..<count {
            guard let raw = try? rawEntry(at: position) else { return }
            let entry: Result<ShardEntry, ShardError>
            do throws(ShardError) { entry = .success(try materialize(raw)) } catch { entry = .failure(error) }
            try body(entry)
            position = raw.end
        }
    }

    /// All entries in the order in which they were added.
    ///
    /// - Throws: `ShardError` at the first damaged one.
    public func entries() throws(ShardError) -> [ShardEntry] {
        var all: [ShardEntry] = []
        all.reserveCapacity(count)
        var failure: ShardError?
        forEachEntry { result in
            switch result {
            case .success(let entry): all.append(entry)
            case .failure(let error): failure = failure ?? error
            }
        }
        if let failure { throw failure }
        return all
    }

    /// The next entries of a walk that is taken in steps, for when all of them would be too many at once.
    ///
    /// - Parameter cursor: where the walk is; 0 at the beginning.
    /// - Returns: at most `count` entries; none at the end.
    /// - Throws: `ShardError` at a damaged one.
    package func entries(from cursor: inout Int, atMost count: Int) throws(ShardError) -> [ShardEntry] {
        var position = max(cursor, ShardFormat.entryCountSize)
        var entries: [ShardEntry] = []
        while entries.count < count, position < storage.count {
            let raw = try rawEntry(at: position)
            entries.append(try materialize(raw))
            position = raw.end
        }
        cursor = position
        return entries
    }

    private func rawEntry(at position: Int) throws(ShardError) -> RawEntry {
        do throws(EntryFailure) {
            return try RawEntry(index: storage.bytes, at: position, version: version)
        } catch {
            throw ShardError(.malformed, file: file, offset: indexStart + UInt64(error.offset), error.message)
        }
    }

    private func materialize(_ raw: RawEntry) throws(ShardError) -> ShardEntry {
        let bytes = storage.bytes
        let uid = String(decoding: bytes[raw.uid], as: UTF8.self)
        let offsetInFile = indexStart + UInt64(raw.uid.lowerBound) - 2
        let meta: EntryMeta
        do throws(EntryMeta.Failure) {
            meta = try EntryMeta(parsing: UnsafeRawBufferPointer(rebasing: bytes[raw.meta]))
        } catch {
            throw ShardError(
                .malformed, file: file, offset: indexStart + UInt64(raw.meta.lowerBound), uid: uid, error.message
            )
        }
        guard !raw.isBigFile else {
            let hash = String(decoding: bytes[raw.hash], as: UTF8.self)
            return ShardEntry(uid: uid, content: .bigFile(sha256: hash, size: raw.size), meta: meta)
        }
        guard let codec = Codec(rawValue: raw.codec) else {
            throw ShardError(
                .unsupportedCodec, file: file, offset: offsetInFile, uid: uid,
                "expected codec 0, 1 or 2, found \(raw.codec)"
            )
        }
        guard raw.size < 1 << 60 else {
            throw ShardError(
                .malformed, file: file, offset: offsetInFile, uid: uid, "no file has \(raw.size) bytes"
            )
        }
        guard codec != .none || raw.storedSize == raw.size else {
            throw ShardError(
                .malformed, file: file, offset: offsetInFile, uid: uid,
                "uncompressed, yet stored in \(raw.storedSize) bytes for \(raw.size)"
            )
        }
        return ShardEntry(
            uid: uid,
            content: .inline(offset: raw.offset, storedSize: raw.storedSize, codec: codec, size: raw.size),
            meta: meta
        )
    }
}
