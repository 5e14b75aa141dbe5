import DESBase

/// The index of one shard: its raw bytes and a hash table over them, nothing an entry. Finds a uid in constant time.
public final class ShardIndex: Sendable {
    /// How many entries the shard has.
    public let count: Int
    /// 1 or 2.
    public let version: UInt8
    /// What the caller calls the shard; stands in errors.
    public let file: String

    private let storage: ByteBuffer
    private let table: PackedUIDTable
    private let source: EntrySource

    /// Takes in and checks the bytes of an index.
    ///
    /// - Parameters:
    ///   - storage: INDEX, entry count included, as it stands in the file.
    ///   - indexStart: offset of INDEX in the file, which is also where payloads must end.
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
                try entry.check(index: bytes, dataEnd: indexStart)
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
        self.file = file
        source = EntrySource(file: file, start: indexStart, isCompressed: false)
    }

    /// Whether bytes can be taken for an index of a version; as strict as reading it is, except for uids that stand twice.
    static func canBeRead(_ bytes: UnsafeRawBufferPointer, version: UInt8, dataEnd: UInt64) -> Bool {
        guard bytes.count >= ShardFormat.entryCountSize else { return false }
        var position = ShardFormat.entryCountSize
        for _ in 0..<bytes.littleEndian(UInt32.self, at: 0) {
            guard let entry = try? RawEntry(index: bytes, at: position, version: version),
                (try? entry.check(index: bytes, dataEnd: dataEnd)) != nil
            else { return false }
            position = entry.end
        }
        return position == bytes.count
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
        let position = uid.withUTF8 { table.find(UnsafeRawBufferPointer($0), in: storage.bytes) }
        guard let position else { return nil }
        return try source.entry(at: position, in: storage.bytes, version: version, uid: uid)
    }

    /// Whether the entry of a uid has exactly these bytes.
    func has(_ entry: UnsafeRawBufferPointer, uid: UnsafeRawBufferPointer) -> Bool {
        let bytes = storage.bytes
        guard let position = table.find(uid, in: bytes), entry.count <= bytes.count - position else { return false }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<(position + entry.count)]).hasSameBytes(as: entry)
    }

    /// Gives every entry in the order in which they were added. An entry whose meta is damaged comes as an error, and
    /// the walk goes on.
    public func forEachEntry(_ body: (Result<ShardEntry, ShardError>) throws -> Void) rethrows {
        var position = ShardFormat.entryCountSize
        for _ in 0..<count {
            guard let raw = try? source.raw(at: position, in: storage.bytes, version: version) else { return }
            let entry: Result<ShardEntry, ShardError>
            do throws(ShardError) { entry = .success(try source.entry(raw, in: storage.bytes)) } catch {
                entry = .failure(error)
            }
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
            let raw = try source.raw(at: position, in: storage.bytes, version: version)
            entries.append(try source.entry(raw, in: storage.bytes))
            position = raw.end
        }
        cursor = position
        return entries
    }
}
