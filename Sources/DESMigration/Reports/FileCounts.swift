import Synchronization

/// How many files of a cycle came how far. Who is at a step was at those before it.
package struct FileCounts: Sendable, Hashable {
    package enum Step: Sendable {
        /// Its bytes are in memory, or, of a big file, in the store.
        case read
        /// It is in a shard that grows in staging.
        case packed
        /// Its shard is in the store.
        case published
    }

    package var read = 0
    package var packed = 0
    package var published = 0
    /// Its row is marked.
    package var marked = 0
    /// Those that ended otherwise: failed or skipped, wherever they were.
    package var ended = 0
}

/// Counts the steps of a cycle's files, from any thread.
final class FileCounter: Sendable {
    private let read = Atomic<Int>(0)
    private let packed = Atomic<Int>(0)
    private let published = Atomic<Int>(0)

    func add(_ files: Int, _ step: FileCounts.Step) {
        switch step {
        case .read: read.add(files, ordering: .relaxed)
        case .packed: packed.add(files, ordering: .relaxed)
        case .published: published.add(files, ordering: .relaxed)
        }
    }

    /// - Parameter result: what became of those that are through.
    func counts(_ result: CycleResult) -> FileCounts {
        // What an interrupted run left is found published.
        let found = result.filesRecovered
        return FileCounts(
            read: read.load(ordering: .relaxed) + found, packed: packed.load(ordering: .relaxed) + found,
            published: published.load(ordering: .relaxed) + found, marked: result.filesMigrated,
            ended: result.filesProcessed - result.filesMigrated)
    }
}
