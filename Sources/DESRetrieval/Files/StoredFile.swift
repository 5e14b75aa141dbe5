package import DESShard

/// A file that was found: what its shard's index tells of it. Its bytes are not read yet.
public struct StoredFile: Sendable {
    /// The file's name in the catalog.
    public let uid: String
    /// Original size in bytes.
    public let size: UInt64
    /// The shard's name in the store.
    public let shard: String
    /// The JSON object that is stored with the file: `created_at`, `crc32` and what the user chose; empty if there is none.
    public let meta: String
    /// `created_at` of ``meta``, as stored: RFC 3339 in UTC.
    public let createdAt: String?
    /// The same for the same bytes at the same place, and never for others: letters, digits, `.` and `-`, for the `ETag` of an
    /// answer.
    public let entityTag: String
    /// Whether it lies in a file of its own, beside the shard.
    public let isBigFile: Bool

    /// Where the bytes are; nil for a file that was not found in a store (a stand-in of a test).
    package let place: StoredPlace?

    package init(entry: ShardEntry, shard: String, place: StoredPlace?) {
        uid = entry.uid
        size = entry.size
        self.shard = shard
        meta = entry.meta.json
        createdAt = entry.meta.createdAt
        if case .bigFile = entry.content { isBigFile = true } else { isBigFile = false }
        self.place = place
        entityTag = Self.entityTag(entry, shard)
    }

    /// Whether ``Retriever/contents(of:)`` gives it; larger files come in pieces.
    public var isWholeInMemory: Bool { !isBigFile && size <= RetrieverSettings.wholeFile }

    /// Shards never change, so name and place in the shard say which bytes they are; the checksum is for shards of older writers,
    /// who used names again.
    private static func entityTag(_ entry: ShardEntry, _ shard: String) -> String {
        switch entry.content {
        case .bigFile(let sha256, _): return sha256
        case .inline(let offset, let storedSize, _, _):
            let name = shard.utf8.dropLast(4).split(separator: UInt8(ascii: "_")).last ?? shard.utf8[...]
            var tag: [UInt8] = []
            for byte in name {
                let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                tag.append(isPlain ? byte : UInt8(ascii: "-"))
            }
            return String(decoding: tag, as: UTF8.self) + "." + String(offset, radix: 16) + "."
                + String(storedSize, radix: 16) + (entry.meta.crc32.map { ".\($0)" } ?? "")
        }
    }
}
