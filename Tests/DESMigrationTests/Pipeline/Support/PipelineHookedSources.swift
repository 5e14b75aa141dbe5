import DESBase
import DESMigration
import DESShard

/// Real sources, with something done before or after each call.
struct PipelineHookedSources: SourceFiles {
    let real: any SourceFiles
    var beforeRead: @Sendable (String) throws(SourceError) -> Void = { _ in }
    var afterRead: @Sendable (String) -> Void = { _ in }
    /// Gets the location once the first piece has been handed over.
    var afterFirstPiece: @Sendable (String) -> Void = { _ in }
    var beforeDelete: @Sendable (String) -> Void = { _ in }
    /// Changes what a deletion of many is answered.
    var answer: @Sendable ([SourceDeletion]) -> [SourceDeletion] = { $0 }

    func read(_ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer) async throws(SourceError)
        -> SourceRead
    {
        try beforeRead(location)
        let result = try await real.read(location, bigFileThreshold: bigFileThreshold, into: buffer)
        afterRead(location)
        return result
    }

    func readPieces(
        _ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        var isFirst = true
        try await real.readPieces(location, of: identity) { piece in
            try body(piece)
            if isFirst { afterFirstPiece(location) }
            isFirst = false
        }
    }

    func delete(_ location: String, ifStill identity: FileIdentity) async -> SourceDeletion {
        beforeDelete(location)
        return await real.delete(location, ifStill: identity)
    }

    func delete(_ sources: [PackedSource]) async -> [SourceDeletion] {
        var deletions: [SourceDeletion] = []
        for source in sources { deletions.append(await delete(source.location, ifStill: source.identity)) }
        return answer(deletions)
    }

    func identity(of location: String) async throws(SourceError) -> FileIdentity? {
        try await real.identity(of: location)
    }

    func undoInterruptedDeletion(of location: String) async { await real.undoInterruptedDeletion(of: location) }

    func absences(of locations: [String]) async -> [SourceAbsence] { await real.absences(of: locations) }

    func readableSiblings(of location: String, atMost most: Int) async -> Int {
        do throws(SourceError) { try beforeRead(location) } catch { return 0 }
        return await real.readableSiblings(of: location, atMost: most)
    }
}
