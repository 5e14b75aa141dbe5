import DESBase
import DESShard
import DESTelemetry

/// Restores files of a place into a folder and counts them.
struct Extraction {
    /// What was done.
    struct Counts: Encodable {
        var filesWritten = 0
        var filesAlreadyThere = 0
        var filesFailed = 0
        var totalSizeBytes: UInt64 = 0
        /// Why the rest was not tried.
        var stopped: String?

        enum CodingKeys: String, CodingKey {
            case stopped
            case filesWritten = "files_written"
            case filesAlreadyThere = "files_already_there"
            case filesFailed = "files_failed"
            case totalSizeBytes = "total_size_bytes"
        }

        func text(folder: String) -> String {
            "\(filesWritten.counted("file")) (\(totalSizeBytes.byteCountText)) restored to \(folder), "
                + "\(filesAlreadyThere.groupedByThousands) were there already, \(filesFailed.groupedByThousands) failed"
                + (stopped == nil ? "" : "; the others were not tried")
        }
    }

    /// Nothing more can be restored.
    struct Stop: Error, CustomStringConvertible {
        let description: String
    }

    let extractor: Extractor
    let console: ToolConsole
    let progress: ToolProgress
    var counts = Counts()

    /// All files, shard after shard.
    ///
    /// - Throws: ``Stop`` when nothing more can be written, `PlaceError` when the shards cannot be listed.
    mutating func all(of place: any ShardPlace) async throws {
        try await place.forEachShard { result in
            do {
                let shard = try result.get()
                try await all(of: shard)
            } catch let problem as ShardProblem { try note(problem) }
        }
    }

    private mutating func all(of shard: OpenShard) async throws {
        let whole = try await shard.whole()
        var apart: [ShardEntry] = []
        try whole.reader.index.forEachEntry { result in
            switch result {
            case .failure(let error): try note(whole.problem(error))
            case .success(let entry) where whole.isApart(entry): apart.append(entry)
            case .success(let entry):
                do { add(try extractor.extract(entry, of: whole, shard.name), entry) } catch {
                    try note(error, entry.uid)
                }
            }
        }
        for entry in apart { try await fetch(entry, shard) }
    }

    /// The newest files of uids; the shards are looked through once, and those that have one are then read.
    ///
    /// - Throws: as ``all(of:)``.
    mutating func some(_ uids: [String], of place: any ShardPlace) async throws {
        var seen: Set<ByteString> = []
        let uids = uids.filter { seen.insert(ByteString($0)).inserted }
        var lookup = FileLookup(place: place)
        let found = try await lookup.find(uids)
        lookup.warnOfUnreadable(console)
        var byShard: [ByteString: [String]] = [:]
        for (uid, file) in zip(uids, found) {
            guard let best = file.best else {
                try note(lookup.missing(uid))
                continue
            }
            FileLookup.warnOfRival(file, uid: uid, console)
            byShard[ByteString(best.shard), default: []].append(uid)
        }
        try await place.open(byShard.keys.sorted().map(\.text)) { result in
            do {
                let shard = try result.get()
                for uid in byShard.removeValue(forKey: ByteString(shard.name)) ?? [] {
                    do {
                        if let entry = try await shard.entry(uid: uid) { try await fetch(entry, shard) }
                    } catch let problem as ShardProblem { try note(problem, uid) }
                }
            } catch let problem as ShardProblem { try note(problem) }
        }
        for uid in byShard.values.joined() {
            try note(PlaceError(message: "its shard is not there any more"), uid)
        }
    }

    private mutating func fetch(_ entry: ShardEntry, _ shard: OpenShard) async throws {
        do { add(try await extractor.fetch(entry, from: shard), entry) } catch { try note(error, entry.uid) }
    }

    private mutating func add(_ outcome: Extractor.Outcome, _ entry: ShardEntry) {
        switch outcome {
        case .written:
            counts.filesWritten += 1
            counts.totalSizeBytes += entry.size
        case .alreadyThere: counts.filesAlreadyThere += 1
        }
        progress.done(entry.size)
    }

    /// Counts a file, or a whole shard, that was not restored.
    ///
    /// - Throws: ``Stop`` if no other one could be either.
    private mutating func note(_ error: any Error, _ uid: String? = nil) throws {
        counts.filesFailed += 1
        progress.failed()
        let subject = uid.map { "\($0.escapedForOneLine): " } ?? ""
        let endsAll = error is FolderFailure || (error as? ShardProblem)?.isOfLocalDisk == true
        console.error(
            "not restored: \(subject)\(error)\(endsAll ? "; des extract stops, repeat it when that is mended" : "")")
        if endsAll { throw Stop(description: "\(error)") }
    }
}
