package import DESBase
package import DESShard

/// A shard that lies somewhere, of which only what is needed to look into it is read: its end, then its lookup table or what of its
/// index is not in the end. The one way to do that.
///
/// Who uses it hands in how ranges are read, and may count, retry or bound that. What the reading throws comes through.
package struct RemoteShard: Sendable {
    /// What a range that is read has.
    package enum Part: Sendable {
        case header
        case tail
        /// Of the index, or of the lookup table in its stead.
        case index
    }

    /// Gives just the bytes of a range, or throws.
    package typealias Read = @Sendable (_ range: Range<UInt64>, _ part: Part) async throws -> [UInt8]

    /// What leads to the entries.
    package enum Directory: Sendable {
        case index(ShardIndex)
        /// Leads to parts of the index.
        case table(LookupTable)

        /// Memory in bytes.
        package var sizeInBytes: Int {
            switch self {
            case .index(let index): index.sizeInBytes
            case .table(let table): table.sizeInBytes
            }
        }
    }

    /// A directory, and the bytes that say it.
    package struct Loaded: Sendable {
        package let directory: Directory
        package let bytes: DirectoryBytes
        /// Whether something in the shard was found to be damaged, so that what is not found in its index may yet be in it.
        package let isSuspect: Bool
    }

    /// Larger indexes are not read whole if there is a lookup table; bytes.
    private static let largestWholeIndex: UInt64 = 1 << 20

    package let tail: ShardTail
    /// If it was read for its own sake.
    private let header: [UInt8]?
    private let read: Read

    /// Reads the end.
    ///
    /// - Parameters:
    ///   - size: of the shard, in bytes.
    ///   - file: what errors call the shard.
    /// - Throws: `ShardError` when the footer is not that of a shard of that size.
    package init(size: UInt64, file: String, read: @escaping Read) async throws {
        let end = try await read(size - min(size, UInt64(ShardTail.size))..<size, .tail)
        try self.init(end: end, header: nil, size: size, file: file, read: read)
    }

    /// A shard whose end was read by other means.
    ///
    /// - Parameter header: if it was read, which is only needed to be sure that it is a shard from its first byte on.
    ///
    /// - Throws: `ShardError` when header and footer are not those of a shard of that size.
    package init(
        end: [UInt8], header: [UInt8]?, size: UInt64, file: String, read: @escaping Read
    ) throws(ShardError) {
        self.header = header
        tail = try ShardTail(end, header: header, fileSize: size, file: file)
        self.read = read
    }

    /// Reads what leads to the entries.
    ///
    /// - Parameters:
    ///   - usesTable: false: the index in any case, because the lookup table is damaged or most entries are needed.
    ///   - memory: is asked for what is read of the index.
    /// - Throws: `ShardError` when the index is damaged, `CancellationError`.
    package func load(usesTable: Bool, memory: ByteGate? = nil) async throws -> Loaded {
        var isSuspect = false
        let region = LookupTable.region(indexStart: tail.indexStart)
        if usesTable, tail.indexSize > Self.largestWholeIndex, !region.isEmpty {
            let bytes = DirectoryBytes(.table, tail: tail.bytes, rest: try await read(region, .index))
            if let directory = try await directory(bytes) {
                return Loaded(directory: directory, bytes: bytes, isSuspect: false)
            }
            isSuspect = bytes.hasTableMark
        }
        let held = try await memory?.acquire(tail.missing.count) ?? 0
        defer { memory?.release(held) }
        let front = tail.missing.isEmpty ? [] : try await read(tail.missing, .index)
        let bytes = DirectoryBytes(.index, tail: tail.bytes, rest: front)
        guard let directory = try await directory(bytes) else { throw CancellationError() }
        return Loaded(directory: directory, bytes: bytes, isSuspect: isSuspect)
    }

    /// The index, whatever its size.
    ///
    /// - Throws: as ``load(usesTable:memory:)``.
    package func index() async throws -> ShardIndex {
        guard case .index(let index) = try await load(usesTable: false).directory else { throw CancellationError() }
        return index
    }

    /// The entry of a uid; nil if the shard has none.
    ///
    /// - Returns: also the index, if it had to be read because the lookup table is damaged.
    /// - Throws: `ShardError` when the entry or the index is damaged.
    package func entry(uid: String, in directory: Directory) async throws -> (entry: ShardEntry?, index: ShardIndex?) {
        switch directory {
        case .index(let index): return (try index.entry(uid: uid), nil)
        case .table(let table):
            let (number, range) = table.leafRange(ofUID: uid)
            guard !range.isEmpty else { return (nil, nil) }
            guard let leaf = try? table.leaf(number, stored: try await read(range, .index)) else {
                let index = try await index()
                return (try index.entry(uid: uid), index)
            }
            return (try leaf.entry(uid: uid), nil)
        }
    }

    /// Nil if there should be a lookup table and is none.
    private func directory(_ bytes: DirectoryBytes) async throws -> Directory? {
        do throws(ShardError) {
            return try bytes.directory(fileSize: tail.fileSize, file: tail.file, header: header)
        } catch {
            guard error.code == .ambiguousVersion else { throw error }
            let header = try await read(ShardTail.header, .header)
            return try bytes.directory(fileSize: tail.fileSize, file: tail.file, header: header)
        }
    }
}
