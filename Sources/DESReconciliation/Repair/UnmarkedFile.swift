import DESBase
import DESCatalog

/// A file in exactly one published shard, whose row is not marked.
struct UnmarkedFile: Sendable {
    let uid: String
    let time: Timestamp
    /// The key of the shard.
    let shard: String
    /// The pending rows of that uid and time, at least one: the file is that of one of them.
    let rows: [CatalogRow]

    /// What became of it.
    enum Outcome: Sendable {
        case marked(CatalogRow)
        /// It is as it was: a row, and why.
        case kept(CatalogRow, String?)
        /// Somebody else has marked or changed the row meanwhile.
        case settled
    }
}
