import DESBase
import DESRouting
import DESShard
import DESStorage
import Synchronization

/// Copies a big file to staging in pieces, hashing it on the way, reads the copy back, and publishes it under its hash.
///
/// It is published before the shard that names it is sealed. A process that dies in between leaves a big file that no shard
/// names; the next run finds it under the same hash and uses it.
struct BigFilePublisher: Sendable {
    struct Published: Sendable {
        let sha256: String
        let crc32: CRC32
    }

    let context: SliceContext
    /// Hands out names for copies; a hash is known only at the end.
    private let names = BigFileNames()

    init(context: SliceContext) { self.context = context }

    private var cycle: CycleContext { context.cycle }
    private var staging: StagingFolder { context.staging }
    private var store: any ObjectStore { context.store }

    /// Returns when the file is durable and verified at its destination.
    ///
    /// - Throws: `SourceError` with the reason and what happens next, ``ReadingCut`` or `CancellationError`.
    func publish(_ file: SourceFile) async throws -> Published {
        let path = "\(staging.path)/\(names.next())"
        defer { try? staging.files.remove(path) }
        do {
            let published = try await copied(file, to: path)
            let key = "\(context.settings.bigFilesPrefix)/\(published.sha256)"
            let staged = StagedFile(path: path, key: key, size: UInt64(file.identity.size))
            let part = store.part(
                of: locate(uid: file.uid, createdAt: file.createdAt, bits: context.settings.shardBits).namePrefix)
            let outcome = try await cycle.retrying {
                try await part.publish([staged]).first?.get()
            }
            // One that was there before is trusted only as far as it was compared, which publishing does.
            if outcome == .created { cycle.ledger.published(shards: 0, bytes: file.identity.size, bigFiles: 1) }
            return published
        } catch let error as StorageError {
            if error.isStoreUnwritable { cycle.control.stop(.fatal("cannot write to \(store.name): \(error)")) }
            throw SourceError(.publishing, "cannot publish \(file.location): \(error); left unmarked")
        } catch let error as ShardError {
            throw SourceError(
                .verification, "the copy of \(file.location) in staging is damaged: \(error); left unmarked")
        } catch let error as SystemError {
            if error.isUnwritable { cycle.control.stop(.fatal("cannot write to the staging folder: \(error)")) }
            throw SourceError(.staging, "cannot stage \(file.location): \(error); left unmarked")
        }
    }

    private func copied(_ file: SourceFile, to path: String) async throws -> Published {
        let copying: @Sendable () async throws -> Published = {
            try await withTaskExecutorPreference(context.threads.files) { try await copy(file, to: path) }
        }
        // A stop cuts what comes from afar only.
        guard S3SourceLocation.isOne(file.location) else { return try await copying() }
        return try await cycle.control.whileReading(copying)
    }

    /// Blocks between the pieces.
    private func copy(_ file: SourceFile, to path: String) async throws -> Published {
        let hash = SHA256()
        var crc = CRC32()
        let copy = try staging.files.create(path)
        try await context.sources.readPieces(file.location, of: file.identity) { piece in
            hash.update(piece)
            crc.update(piece)
            try copy.write(piece)
            copy.startWriteback()
        }
        try copy.synchronize()
        let digest = hash.finish()
        // Throws unless what is read back has the size and the hash.
        try BigFileReader(path: path, sha256: digest, size: UInt64(file.identity.size)).forEachPiece { _ in }
        return Published(sha256: digest, crc32: crc)
    }
}

/// Names of big files that are being copied, different within a process; staging belongs to one process.
final class BigFileNames: Sendable {
    private let count = Atomic<Int>(0)

    func next() -> String {
        "\(StagingFolder.bigFilePrefix)\(count.add(1, ordering: .relaxed).newValue)\(StagingFolder.openSuffix)"
    }
}
