import DESMigration
import DESShard
import DESSystem

/// Real sources, with something done before or after each call.
struct PipelineHookedSources: SourceFiles {
    let real: any SourceFiles
    var beforeRead: @Sendable (String) throws(SourceError) -> Void = { _ in }
    var afterRead: @Sendable (String) -> Void = { _ in }
    /// Gets the location once the first piece has been handed over.
    var afterFirstPiece: @Sendable (String) -> Void = { _ in }
    var beforeDelete: @Sendable (String) -> Void = { _ in }

    func read(_ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer) throws(SourceError) -> SourceRead {
        try beforeRead(location)
        let result = try real.read(location, bigFileThreshold: bigFileThreshold, into: buffer)
        afterRead(location)
        return result
    }

    func readPieces(
        _ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var isFirst = true
        try real.readPieces(location, of: identity) { piece in
            try body(piece)
            if isFirst { afterFirstPiece(location) }
            isFirst = false
        }
    }

    func delete(_ location: String, ifStill identity: FileIdentity) -> SourceDeletion {
        beforeDelete(location)
        return real.delete(location, ifStill: identity)
    }

    func identity(of location: String) throws(SourceError) -> FileIdentity? { try real.identity(of: location) }
}
