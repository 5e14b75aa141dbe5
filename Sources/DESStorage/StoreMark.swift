import DESBase
package import DESRouting

/// What a store says of itself in the object `_desStore`: a random name that it was given when it was first used, by which a
/// process notices that it looks at another place than before, for example because a disk is not mounted; and its layout.
///
/// The object holds lines: the name, then `n_bits <number>`. Stores of earlier versions have the name only; other lines are for
/// later versions.
package struct StoreMark: Sendable, Hashable {
    /// The key of the object.
    package static let key = "_desStore"

    private static let bitsPrefix = "n_bits "
    /// A longer name is none; in bytes.
    package static let longestName = 128

    package let name: String
    /// The number of bits that chooses a file's shard; nil if the store does not say.
    package let bits: Int?

    package init(name: String, bits: Int?) {
        self.name = name
        self.bits = bits
    }

    /// Nil if it is no mark of a store.
    package init?(_ bytes: [UInt8]) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let name = lines.first, name.utf8.count <= Self.longestName,
            name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else { return nil }
        self.name = String(name)
        bits = lines.dropFirst().first { $0.hasBytePrefix(Self.bitsPrefix) }.flatMap {
            Int($0.dropFirst(Self.bitsPrefix.count))
        }
    }

    /// What the object holds.
    package var text: String { bits.map { "\(name)\n\(Self.bitsPrefix)\($0)\n" } ?? name }
}

extension ObjectStore {
    /// What the store says of itself; nil if it has no mark.
    ///
    /// - Throws: `StorageError` if it cannot be told, or the object is something else.
    package func mark() async throws(StorageError) -> StoreMark? {
        guard try await attributes(of: StoreMark.key) != nil else { return nil }
        guard let mark = StoreMark(try await read(StoreMark.key)) else {
            throw StorageError(
                .damaged, key: StoreMark.key,
                "the object \(StoreMark.key) in \(name) is empty or damaged; it names the store, and nothing is published "
                    + "without it. If it is the right store, remove that object and start once with --new-store"
            )
        }
        return mark
    }

    /// Whether the store holds nothing at all.
    package func isEmpty() async throws(StorageError) -> Bool {
        var after: String?
        repeat {
            let page = try await list(prefix: "", after: after, limit: 1000)
            if page.objects.contains(where: { !$0.key.isByteEqual(to: StoreMark.key) }) { return false }
            after = page.next
        } while after != nil
        return true
    }

    /// The name of a shard that was not written with that number of bits, among the first that the store lists; nil if there is none.
    package func shard(notOf bits: ShardBits) async throws(StorageError) -> String? {
        for object in try await list(prefix: "", after: nil, limit: 1000).objects {
            guard let shard = ShardFileName(object.key), let index = Int(shard.shardHex, radix: 16) else { continue }
            let expected = ShardKey(dayNumber: 0, shardIndex: index, bits: bits).shardHex
            if index >= bits.shardCount || !expected.isByteEqual(to: shard.shardHex) { return object.key }
        }
        return nil
    }
}
