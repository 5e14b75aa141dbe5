import DESBase
import DESShard
import DESStorage

/// Writes files of shards into a folder. A file appears there whole or not at all, and nothing that exists is replaced.
struct Extractor {
    enum Outcome {
        case written(String)
        /// It is there already, byte for byte.
        case alreadyThere
    }

    let folder: String
    private let decoder = PayloadDecoder()
    /// The folder itself, locked as long as this lives.
    private let lock: OpenFile

    /// - Throws: `SystemError` when the folder cannot be made; `PlaceError` when another process extracts into it, because the
    ///   two would take each other's unfinished files.
    init(folder: String) throws {
        self.folder = folder
        try FileSystem.createDirectory(folder)
        lock = try OpenFile(folder)
        // Some network file systems cannot lock a folder: then it goes without.
        guard (try? lock.tryLock()) ?? true else {
            throw PlaceError(message: "another process extracts into \(folder); wait for it, or take another folder")
        }
    }

    /// Restores a file whose bytes are at hand.
    ///
    /// - Parameter name: of the shard.
    /// - Throws: `ShardProblem` for a damaged entry, ``FolderFailure`` or `SystemError` when it cannot be written.
    func extract(_ entry: ShardEntry, of shard: WholeShard, _ name: String) throws -> Outcome {
        var unfinished = try Unfinished(entry, in: folder)
        defer { unfinished.remove() }
        do throws(ShardProblem) {
            try shard.withPieces(of: entry, decoder: decoder) { try unfinished.write($0) }
        } catch { throw unfinished.failure ?? error }
        return try settle(unfinished, shard: name)
    }

    /// Restores any file, fetched if the shard is remote.
    ///
    /// - Throws: `ShardProblem` for an entry that is damaged or cannot be had, ``FolderFailure`` or `SystemError` when it cannot be
    ///   written.
    func fetch(_ entry: ShardEntry, from shard: OpenShard) async throws -> Outcome {
        var unfinished = try Unfinished(entry, in: folder)
        defer { unfinished.remove() }
        do throws(ShardProblem) {
            try await shard.forEachPiece(of: entry, decoder: decoder) { try unfinished.write($0) }
        } catch { throw unfinished.failure ?? error }
        return try settle(unfinished, shard: shard.name)
    }

    /// A file that is being restored, under a name of its own.
    private struct Unfinished {
        /// What it is to be called.
        let name: String
        let path: String
        private let file: OpenFile
        private(set) var crc = CRC32()
        /// Why it could not be written.
        private(set) var failure: (any Error)?

        init(_ entry: ShardEntry, in folder: String) throws {
            name = ExtractedName.name(for: entry.uid)
            let path = "\(folder)/.\(name).partial"
            self.path = path
            try FileSystem.remove(path)
            file = try FolderFailure.telling { () throws(SystemError) in try OpenFile(path, .createNew) }
        }

        mutating func write(_ piece: UnsafeRawBufferPointer) throws {
            crc.update(piece)
            do {
                try FolderFailure.telling { [file] () throws(SystemError) in try file.write(piece) }
            } catch {
                failure = error
                throw error
            }
        }

        /// Does nothing if it has got its name by now.
        func remove() { try? FileSystem.remove(path) }
    }

    /// A uid may be in several shards: the second file gets the shard's name behind its own.
    private func settle(_ unfinished: Unfinished, shard: String) throws -> Outcome {
        let name = unfinished.name
        let partial = unfinished.path
        for candidate in [name, "\(name)~\(shard)"] {
            let path = "\(folder)/\(candidate)"
            if let existing = try FileSystem.status(path, followingLinks: false) {
                let isSame = try existing.kind == .regular && existing.size == FileSystem.status(partial)?.size
                guard isSame, try FileContent.checksum(path) == unfinished.crc else { continue }
                return .alreadyThere
            }
            try FolderFailure.telling { () throws(SystemError) in try FileSystem.renameNew(partial, to: path) }
            return .written(candidate)
        }
        throw PlaceError(message: "\(folder)/\(name) exists with other content; it was left as it is")
    }
}

/// Nothing more can be written into the folder: it is full, read-only, or its disk is broken.
struct FolderFailure: Error, CustomStringConvertible {
    let error: SystemError

    var description: String { "\(error)" }

    /// Runs what writes, and tells such a failure from one of a single file.
    static func telling<Value>(_ body: () throws(SystemError) -> Value) throws -> Value {
        do throws(SystemError) { return try body() } catch {
            throw error.isUnwritable ? FolderFailure(error: error) : error
        }
    }
}
