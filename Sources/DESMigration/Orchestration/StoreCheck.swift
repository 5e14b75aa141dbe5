import DESBase
package import DESCatalog
import DESRouting
import DESStorage
import Synchronization

/// The store is not the place that it should be; nothing was published to it.
package struct StoreMismatch: Error, Sendable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Remembers, as long as the process lives, which store it works with.
final class KnownStore: Sendable {
    private let mark = Mutex<StoreMark?>(nil)

    /// The mark that was seen first, this one if it is the first.
    func first(_ mark: StoreMark) -> StoreMark {
        self.mark.withLock { known in
            let first = known ?? mark
            known = first
            return first
        }
    }

    var isKnown: Bool { mark.withLock { $0 != nil } }
}

/// Finds out whether a store is the place that it should be before anything is published to it, and gives a new one its mark.
///
/// A disk that is not mounted leaves an empty folder: shards would go below the mount point, and their sources be deleted. So a
/// store that is empty although the catalog has marked rows is refused, and so is one that is not the one of the cycle before, or
/// that has another layout.
package struct StoreCheck: Sendable {
    let store: any ObjectStore
    let catalog: any SourceCatalog
    let staging: StagingFolder
    let bits: ShardBits
    /// Whether an empty store is taken although rows are marked.
    let acceptsEmpty: Bool
    let known: KnownStore
    /// Where the store's name is kept from one process to the next; nil if nowhere.
    let memory: (any StoreMemory)?
    let threads: ThreadPool
    let random: @Sendable () -> any RandomNumberGenerator

    /// - Returns: the store's mark.
    /// - Throws: ``StoreMismatch``, `StorageError`, `CatalogError`, `SystemError`.
    @discardableResult
    func run() async throws -> StoreMark {
        let mark: StoreMark
        let remembered = acceptsEmpty ? nil : try await memory?.storeName()
        if let existing = try await store.mark() {
            mark = existing
        } else {
            guard !known.isKnown else {
                throw StoreMismatch(
                    "\(store.name) has lost its mark \(StoreMark.key) since the last cycle; is its disk still mounted? "
                        + "Nothing was published or deleted")
            }
            if remembered != nil {
                if try await store.isEmpty() {
                    guard try await hasSealedShards() else { throw try await emptyPlace() }
                    throw emptyBesideStaging()
                }
                throw StoreMismatch(
                    "\(store.name) is not the store that the files of this catalog are in: it has no mark "
                        + "\(StoreMark.key). \(Self.wayOut)")
            }
            mark = try await begin()
        }
        if let remembered, !remembered.isByteEqual(to: mark.name) {
            throw StoreMismatch(
                "\(store.name) is not the store that the files of this catalog are in: its mark \(StoreMark.key) has "
                    + "another name. \(Self.wayOut)")
        }
        if mark.bits == nil, let other = try await store.shard(notOf: bits) { throw otherLayout(other) }
        if let layout = mark.bits, layout != bits.count {
            throw StoreMismatch(
                "packer.n_bits is \(bits.count), but \(store.name) was begun with \(layout), and shards of two layouts cannot be "
                    + "read together; write n_bits: \(layout), or another output for the new number")
        }
        guard known.first(mark).name.isByteEqual(to: mark.name) else {
            throw StoreMismatch(
                "\(store.name) is not the store of the cycles before; another disk or share is mounted there. Nothing was "
                    + "published or deleted; mount the right one, or start des-migrate again if the change is meant")
        }
        return mark
    }

    /// Files of them may be published already, to a store that is not this one.
    private func hasSealedShards() async throws -> Bool {
        try await threads.run { [staging] in try staging.hasSealedShards }
    }

    private func emptyBesideStaging() -> StoreMismatch { Self.emptyBesideStaging(store.name, staging) }

    private static func emptyBesideStaging(_ place: String, _ staging: StagingFolder) -> StoreMismatch {
        StoreMismatch(
            "\(place) is empty, but shards in the staging folder \(staging.path) were made for a store that was there; is its disk "
                + "mounted, and is this the staging folder of this catalog? \(wayOut)")
    }

    private func emptyPlace() async throws -> StoreMismatch {
        if catalog.storeMemory != nil { return Self.emptyPlace(store.name) }
        if try await Self.hasMarkedRows(catalog) { return Self.emptyPlace(store.name) }
        return StoreMismatch(
            "\(store.name) is empty, but files of this catalog were published to a store that was there; is its disk mounted? "
                + Self.wayOut)
    }

    private func otherLayout(_ shard: String) -> StoreMismatch {
        StoreMismatch(
            "packer.n_bits is \(bits.count), but the shard \(shard) in \(store.name) was written with another number, and shards "
                + "of two layouts cannot be read together; write the number it was begun with, or another output")
    }

    private static let wayOut =
        "Nothing was published or deleted; mount the right one, or start once with --new-store if the change is meant"

    /// A store without a mark is new, or of an earlier version.
    private func begin() async throws -> StoreMark {
        if try await store.isEmpty() {
            if !acceptsEmpty {
                guard try await !hasSealedShards() else { throw emptyBesideStaging() }
                try await Self.refuseMarkedRows(of: catalog, place: store.name)
            }
        } else if let other = try await store.shard(notOf: bits) {
            throw otherLayout(other)
        }
        return try await StoreMarking(store: store, staging: staging, bits: bits, threads: threads, random: random)
            .mark()
    }

    /// Refuses a place that holds no shards if rows are marked, whose shards should be there.
    ///
    /// - Parameters:
    ///   - place: what messages call it.
    ///   - staging: where sealed shards may wait, which should be there too. Blocks.
    package static func refuseMarkedRows(
        of catalog: any SourceCatalog, place: String, staging: StagingFolder? = nil
    ) async throws {
        if let staging, try FileSystem.status(staging.path) != nil, try staging.hasSealedShards {
            throw emptyBesideStaging(place, staging)
        }
        guard try await hasMarkedRows(catalog) else { return }
        throw emptyPlace(place)
    }

    private static func emptyPlace(_ place: String) -> StoreMismatch {
        StoreMismatch(
            "\(place) is empty, but rows of the catalog are marked as migrated; is its disk mounted? Nothing was published or "
                + "deleted. If the shards of those rows are elsewhere on purpose, start once with --new-store")
    }

    private static func hasMarkedRows(_ catalog: any SourceCatalog) async throws -> Bool {
        do {
            let scan = try await catalog.pendingRows(
                in: PendingRange(before: .latest, includesUndated: true, state: .archived))
            do {
                let page = try await scan.nextPage(atMost: 1)
                await scan.close()
                return !page.isEmpty
            } catch {
                await scan.close()
                throw error
            }
        } catch let error as CatalogError where error.code == .missingColumn {
            // A table that is never changed has no marks.
            return false
        }
    }
}
