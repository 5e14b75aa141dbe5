import DESShard

/// A shard of a place that is open; its index is in memory.
struct OpenShard {
    /// Of its file or object, without folders.
    let name: String
    /// What messages call it: its path, or `s3://…`.
    let address: String
    let reader: ShardReader
    /// What has been fetched of it; nil if it is local.
    let copy: RemoteCopy?

    func problem(_ error: ShardError) -> ShardProblem {
        guard let copy else { return ShardProblem(error) }
        return ShardProblem(error, copy: copy.path, address: address)
    }

    /// The entry of a uid.
    ///
    /// - Throws: `ShardProblem` when the entry is there but damaged.
    func entry(uid: String) throws(ShardProblem) -> ShardEntry? {
        do throws(ShardError) { return try reader.index.entry(uid: uid) } catch { throw problem(error) }
    }

    /// Brings in all of the shard, if it is remote; big files are not in it.
    func fetchAll() async throws(ShardProblem) { try await copy?.fetchAll() }

    /// Whether an entry's bytes cannot be had by ``withPieces(of:decoder:_:)``, even after ``fetchAll()``.
    func isApart(_ entry: ShardEntry) -> Bool {
        if copy != nil, case .bigFile = entry.content { true } else { false }
    }

    /// Gives the bytes of an entry that is at hand, piece by piece, checked as `ShardReader` checks.
    func withPieces(
        of entry: ShardEntry, decoder: PayloadDecoder, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws(ShardProblem) {
        do throws(ShardError) { try reader.withPieces(of: entry, decoder: decoder, body) } catch {
            throw problem(error)
        }
    }

    /// Gives the bytes of any entry, fetched if it is remote. A big file is checked while it is given.
    func fetchPieces(
        of entry: ShardEntry, decoder: PayloadDecoder, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws(ShardProblem) {
        if let copy {
            switch entry.content {
            case .inline(let offset, let storedSize, _, _):
                try await copy.fetch(offset..<(offset + storedSize), uid: entry.uid)
            case .bigFile(let hash, let size):
                return try await copy.bigFile(hash, size: size, entry: entry).forEachPiece(body)
            }
        }
        try withPieces(of: entry, decoder: decoder, body)
    }

    /// Reads everything and tells of each entry whether it is whole; the big files of a remote shard come last.
    ///
    /// - Throws: `ShardProblem` when the shard cannot be read, and what `body` throws.
    func verify(
        decoder: PayloadDecoder, _ body: (Result<ShardEntry, ShardProblem>) throws -> Void
    ) async throws {
        try await fetchAll()
        var bigFiles: [ShardEntry] = []
        try reader.verify(includingBigFiles: copy == nil, decoder: decoder) { result in
            switch result {
            case .success(let entry) where isApart(entry): bigFiles.append(entry)
            case .success(let entry): try body(.success(entry))
            case .failure(let error): try body(.failure(problem(error)))
            }
        }
        do throws(ShardError) { _ = try reader.verifyLookupTable() } catch { try body(.failure(problem(error))) }
        for entry in bigFiles {
            do throws(ShardProblem) {
                try await fetchPieces(of: entry, decoder: decoder) { _ in }
            } catch {
                try body(.failure(error))
                continue
            }
            try body(.success(entry))
        }
    }
}
