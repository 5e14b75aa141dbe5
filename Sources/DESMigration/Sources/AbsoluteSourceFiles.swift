package import DESShard
package import DESSystem

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

    package func absences(of locations: [String]) async -> [SourceAbsence] { await base.absences(of: locations) }

    package func readableSiblings(of location: String, atMost most: Int) async -> Int {
        await base.readableSiblings(of: location, atMost: most)
    }

    private func check(_ location: String) throws(SourceError) {
        guard RelativeLocation.isOne(location) else { return }
        throw SourceError(
            .unreachable,
            "cannot read \(location): it is relative, and behind a watermark nobody may guess to which folder; "
                + "write migration.source_base: /that/folder")
    }
}

/// Tells locations that mean another file in another folder.
enum RelativeLocation {
    /// No path from the root, and no URL: those begin with a scheme (RFC 3986, 3.1).
    static func isOne(_ location: String) -> Bool {
        guard let first = location.utf8.first, first != UInt8(ascii: "/"), !location.utf8.contains(0) else {
            return false
        }
        let scheme = location.utf8.prefix { $0 != UInt8(ascii: ":") }
        guard scheme.count < location.utf8.count else { return true }
        return !isLetter(first) || !scheme.allSatisfy { isLetter($0) || isOther($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) && byte >= UInt8(ascii: "A")
    }

    private static func isOther(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.".utf8.contains(byte)
    }
}
