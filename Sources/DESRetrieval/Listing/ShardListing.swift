import DESBase
import DESRouting
import DESStorage

/// The shards of one key as a store listed them.
struct ShardListing: Sendable {
    /// The newest first.
    let shards: [ListedShard]
    /// When the store was asked: it knows everything that was published before.
    let askedAt: Duration
}

/// One shard of a listing. An object, because it is handed on for each file.
final class ListedShard: Sendable, Hashable {
    let object: ObjectAttributes
    /// Names this very object, in caches too: `<store>/<key>/<version>`.
    let id: String

    init(_ object: ObjectAttributes, store: String) {
        self.object = object
        let separator = store.hasByteSuffix("/") ? "" : "/"
        id = "\(store)\(separator)\(object.key)/\(object.version ?? "\(object.size)")"
    }

    static func == (left: ListedShard, right: ListedShard) -> Bool {
        left.id.utf8.elementsEqual(right.id.utf8)
    }

    func hash(into hasher: inout Hasher) { hasher.combine(id) }

    /// Our suffixes sort by time; those of older writers are counters, and older than all of ours.
    static func isNewer(_ left: ListedShard, _ right: ListedShard) -> Bool {
        let (leftSuffix, rightSuffix) = (left.suffix, right.suffix)
        let (leftIsOurs, rightIsOurs) = (
            leftSuffix.utf8.count == UniqueSuffix.length, rightSuffix.utf8.count == UniqueSuffix.length
        )
        if leftIsOurs != rightIsOurs { return leftIsOurs }
        if leftSuffix.utf8.count != rightSuffix.utf8.count { return leftSuffix.utf8.count > rightSuffix.utf8.count }
        return rightSuffix.utf8.lexicographicallyPrecedes(leftSuffix.utf8)
    }

    private var suffix: String { ShardFileName(object.key)?.suffix ?? "" }
}
