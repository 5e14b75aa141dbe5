package import DESBase
package import DESShard

/// Sources whose locations mean the same from wherever the program is started: relative ones are not read.
///
/// Behind a watermark that is passed once, a relative location would be looked for in whatever folder the program runs in.
package struct AbsoluteSourceFiles: SourceFiles {
    private let base: any SourceFiles

    package init(_ base: any SourceFiles) { self.base = base }

    package func read(
        _ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer
    ) async throws(SourceError) -> SourceRead {
        try check(location)
        return try await base.read(location, bigFileThreshold: bigFileThreshold, into: buffer)
    }

    package func readPieces(
        _ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        try check(location)
        try await base.readPieces(location, of: identity, body)
    }

    package func identity(of location: String) async throws(SourceError) -> FileIdentity? {
        try check(location)
        return try await base.identity(of: location)
    }

    package func delete(_ location: String, ifStill identity: FileIdentity) async -> SourceDeletion {
        do throws(SourceError) { try check(location) } catch { return .kept(error.message) }
        return await base.delete(location, ifStill: identity)
    }

    package func undoInterruptedDeletion(of location: String) async {
        await base.undoInterruptedDeletion(of: location)
    }

    package func absences(of locations: [String]) async -> [SourceAbsence] { await base.absences(of: locations) }

    package func readableSiblings(of location: String, atMost most: Int) async -> Int {
        await base.readableSiblings(of: location, atMost: most)
    }

    private func check(_ location: String) throws(SourceError) {
        guard SourceAddress(location).isRelative else { return }
        throw SourceError(
            .unreachable,
            "cannot read \(location): it is relative, and behind a watermark nobody may guess to which folder; "
                + "write migration.source_base: /that/folder")
    }
}
