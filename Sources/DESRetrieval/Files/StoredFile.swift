public import DESBase
package import DESShard

/// A file that was found: what its shard's index tells of it. Its bytes are not read yet.
public struct StoredFile: Sendable {
    /// In an object, so that a file is cheap to hand on.
    private final class Found: Sendable {
        let entry: ShardEntry
        let shard: String
        let createdAtTime: Timestamp?
        let place: StoredPlace?

        init(_ entry: ShardEntry, _ shard: String, _ place: StoredPlace?) {
            self.entry = entry
            self.shard = shard
            createdAtTime = entry.meta.withCreatedAt { Timestamp(parsingUTF8: $0) } ?? nil
            self.place = place
        }
    }

    private let found: Found

    package init(entry: ShardEntry, shard: String, place: StoredPlace?) {
        found = Found(entry, shard, place)
    }

    /// The file's name in the catalog.
    public var uid: String { found.entry.uid }
    /// Original size in bytes.
    public var size: UInt64 { found.entry.size }
    /// The shard's name in the store.
    public var shard: String { found.shard }
    /// The JSON object that is stored with the file: `created_at`, `crc32` and what the user chose; empty if there is none.
    public var meta: String { found.entry.meta.json }
    /// Whether ``meta`` may have members that the user chose.
    package var hasMembersOfUser: Bool { found.entry.meta.mayHaveMoreMembers }
    /// `created_at` of ``meta``, as stored: RFC 3339 in UTC.
    public var createdAt: String? { found.entry.meta.createdAt }
    /// The moment of ``createdAt``, if it is one.
    public var createdAtTime: Timestamp? { found.createdAtTime }
    /// Whether it lies in a file of its own, beside the shard.
    public var isBigFile: Bool { if case .bigFile = found.entry.content { true } else { false } }

    /// As it stands in the shard's index.
    package var entry: ShardEntry { found.entry }
    /// Where the bytes are; nil for a file that was not found in a store (a stand-in of a test).
    package var place: StoredPlace? { found.place }

    /// Whether ``Retriever/contents(of:)`` gives it; larger files come in pieces.
    public var isWholeInMemory: Bool { !isBigFile && size <= RetrieverSettings.wholeFile }

    /// The same for the same bytes at the same place, and never for others: letters, digits, `.` and `-`, for the `ETag` of an
    /// answer.
    ///
    /// Shards never change, so name and place in the shard say which bytes they are; the checksum is for shards of older writers, who
    /// used names again.
    public var entityTag: String {
        let offset: UInt64
        let storedSize: UInt64
        switch found.entry.content {
        case .bigFile(let sha256, _): return sha256
        case .inline(let start, let count, _, _): (offset, storedSize) = (start, count)
        }
        let crc32 = found.entry.meta.crc32
        var name = shard
        return String(unsafeUninitializedCapacity: name.utf8.count + 48) { output in
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
            // Of `DATE_HEX_suffix.des` the suffix. Over bytes that lie in a row: this is done for each request.
            name.withUTF8 { name in
                var underscores = 0
                for byte in name.dropLast(4) {
                    if underscores < 2 {
                        if byte == UInt8(ascii: "_") { underscores += 1 }
                    } else {
                        let isPlain = (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                        put(isPlain ? byte : UInt8(ascii: "-"))
                    }
                }
            }
            put(hex: offset)
            put(hex: storedSize)
            if let crc32 { put(hex: UInt64(crc32.value)) }
            return count
        }
    }
}
