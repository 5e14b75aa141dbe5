import DESBase
import DESRouting

/// The order in which shards are looked into for single files.
enum ShardOrder {
    /// Those whose names tell nothing first, since they may hold anything; then the newest day, and of a day the newest shard.
    static func newestFirst<Shard>(_ shards: [Shard], name: (Shard) -> String) -> [Shard] {
        shards.map { (shard: $0, name: name($0)) }.sorted { isNewer($0.name, than: $1.name) }.map(\.shard)
    }

    /// Whether a shard comes before another one.
    static func isNewer(_ left: String, than right: String) -> Bool {
        switch (ShardFileName(left), ShardFileName(right)) {
        case (nil, .some): true
        case (.some, nil): false
        case (nil, nil): right.isByteOrdered(before: left)
        case (let left?, let right?):
            left.dateDirectory == right.dateDirectory
                ? left.isNewer(than: right) : left.dateDirectory > right.dateDirectory
        }
    }
}
