import DESShard
import DESStorage
import DESSystem

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

    /// - Throws: `ShardError` for a damaged entry, `SystemError` when it cannot be written.
    func extract(_ entry: ShardEntry, from reader: ShardReader) throws -> Outcome {
        let name = ExtractedName.name(for: entry.uid)
        let partial = "\(folder)/.\(name).partial"
        try FileSystem.remove(partial)
        do {
            var crc = CRC32()
            let file = try OpenFile(partial, .createNew)
            try reader.withPieces(of: entry, decoder: decoder) { piece in
                crc.update(piece)
                try file.write(piece)
            }
            return try settle(partial, crc, name, shard: ShardPlace.name(of: reader.path))
        } catch {
            try? FileSystem.remove(partial)
            throw error
        }
    }

    /// A uid may be in several shards: the second file gets the shard's name behind its own.
    private func settle(_ partial: String, _ crc: CRC32, _ name: String, shard: String) throws -> Outcome {
        for candidate in [name, "\(name)~\(shard)"] {
            let path = "\(folder)/\(candidate)"
            if let existing = try FileSystem.status(path, followingLinks: false) {
                let isSame = try existing.kind == .regular && existing.size == FileSystem.status(partial)?.size
                guard isSame, try FileContent.checksum(path) == crc else { continue }
                try FileSystem.remove(partial)
                return .alreadyThere
            }
            try FileSystem.renameNew(partial, to: path)
            return .written(candidate)
        }
        try FileSystem.remove(partial)
        throw PlaceError(message: "\(folder)/\(name) exists with other content; it was left as it is")
    }
}
