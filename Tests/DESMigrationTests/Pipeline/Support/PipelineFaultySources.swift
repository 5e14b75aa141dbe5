import DESBase
import DESMigration
import DESShard

/// Real sources with faults in them.
struct PipelineFaultySources: SourceFiles {
    let real: any SourceFiles
    let faults: PipelineFaults

    private func pass(_ location: String) throws(SourceError) {
        if faults.strike(.sourceRead) {
            throw SourceError(.unreadable, "cannot read \(location): a fault was injected")
        }
    }

    func read(_ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer) async throws(SourceError)
        -> SourceRead
    {
        try pass(location)
        return try await real.read(location, bigFileThreshold: bigFileThreshold, into: buffer)
    }

    func readPieces(
        _ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        try pass(location)
        try await real.readPieces(location, of: identity, body)
    }

    func delete(_ location: String, ifStill identity: FileIdentity) async -> SourceDeletion {
        if faults.strike(.deleteBefore) { return .kept("a fault was injected") }
        let outcome = await real.delete(location, ifStill: identity)
        if faults.strike(.deleteAfter) { return .kept("a fault was injected") }
        return outcome
    }

    func identity(of location: String) async throws(SourceError) -> FileIdentity? {
        try pass(location)
        return try await real.identity(of: location)
    }

    func undoInterruptedDeletion(of location: String) async { await real.undoInterruptedDeletion(of: location) }

    func absences(of locations: [String]) async -> [SourceAbsence] { await real.absences(of: locations) }

    func readableSiblings(of location: String, atMost most: Int) async -> Int {
        await real.readableSiblings(of: location, atMost: most)
    }
}
