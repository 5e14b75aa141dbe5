public import DESRouting
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
    /// The moment of ``createdAt``, if it is one.
    public let createdAtTime: Timestamp?
    /// Whether it lies in a file of its own, beside the shard.
    public let isBigFile: Bool

    private let content: ShardEntry.Content
    private let crc32: CRC32?

    /// Where the bytes are; nil for a file that was not found in a store (a stand-in of a test).
    package let place: StoredPlace?

    package init(entry: ShardEntry, shard: String, place: StoredPlace?) {
        uid = entry.uid
        size = entry.size
        self.shard = shard
        meta = entry.meta.json
        createdAt = entry.meta.createdAt
        createdAtTime = entry.meta.createdAt.flatMap { Timestamp(parsing: $0) }
        if case .bigFile = entry.content { isBigFile = true } else { isBigFile = false }
        content = entry.content
        crc32 = entry.meta.crc32
        self.place = place
    }

    /// Whether ``Retriever/contents(of:)`` gives it; larger files come in pieces.
    public var isWholeInMemory: Bool { !isBigFile && size <= RetrieverSettings.wholeFile }

    /// The same for the same bytes at the same place, and never for others: letters, digits, `.` and `-`, for the `ETag` of an
    /// answer.
    ///
    /// Shards never change, so name and place in the shard say which bytes they are; the checksum is for shards of older writers, who
    /// used names again.
    public var entityTag: String {
        guard case .inline(let offset, let storedSize, _, _) = content else {
            if case .bigFile(let sha256, _) = content { return sha256 }
            return ""
        }
        let name = shard.utf8
        return String(unsafeUninitializedCapacity: name.count + 48) { output in
            var count = 0
            func put(_ byte: UInt8) {
                output[count] = byte
                count += 1
            }
            func put(hex value: UInt64) {
                put(UInt8(ascii: "."))
                let digits = max(1, (67 - value.leadingZeroBitCount) / 4)
                for place in stride(from: (digits - 1) * 4, through: 0, by: -4) {
                    let digit = UInt8(truncatingIfNeeded: value >> UInt64(place)) & 15
                    put(digit < 10 ? 48 + digit : 87 + digit)
                }
            }
            // Of `DATE_HEX_suffix.des` the suffix.
            var underscores = 0
            for byte in name.dropLast(4) {
                if underscores < 2 {
                    if byte == UInt8(ascii: "_") { underscores += 1 }
                } else {
                    let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                    put(isPlain ? byte : UInt8(ascii: "-"))
                }
            }
            put(hex: offset)
            put(hex: storedSize)
            if let crc32 { put(hex: UInt64(crc32.value)) }
            return count
        }
    }
}
