package import DESBase
package import DESShard

/// Sources of which each lies where its location says: those that begin with `s3://` in S3, all others in the file system.
package struct RoutedSourceFiles: SourceFiles {
    private let local: (any SourceFiles)?
    private let s3: (any SourceFiles)?

    /// - Parameters:
    ///   - local: nil: `source_roots` allows no local path.
    ///   - s3: nil: sources in S3 are not enabled.
    package init(local: (any SourceFiles)?, s3: (any SourceFiles)?) {
        self.local = local
        self.s3 = s3
    }

    /// - Parameters:
    ///   - base: the folder that relative locations are meant from, an absolute path; nil: the working directory.
    ///   - keptFiles: local files and folders of which nothing is ever deleted.
    ///   - deletes: whether sources are to be deleted.
    ///   - s3: made with the `s3` of the same roots; nil: sources in S3 are not enabled.
    /// - Throws: `SystemError` when a local root does not exist.
    package init(
        roots: SourceRoots, base: String? = nil, keeping keptFiles: [String], deletes: Bool, s3: S3SourceFiles?
    ) throws(SystemError) {
        var local: LocalSourceFiles?
        if let folders = roots.local {
            local = try LocalSourceFiles(
                roots: folders, base: base, keeping: keptFiles, watch: deletes ? ChangeWatch() : nil)
        }
        self.init(local: local, s3: s3)
    }

    package func read(
        _ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer
    ) async throws(SourceError) -> SourceRead {
        try await part(for: location).read(location, bigFileThreshold: bigFileThreshold, into: buffer)
    }

    package func readPieces(
        _ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        try await part(for: location).readPieces(location, of: identity, body)
    }

    package func identity(of location: String) async throws(SourceError) -> FileIdentity? {
        try await part(for: location).identity(of: location)
    }

    package func undoInterruptedDeletion(of location: String) async {
        guard let part = try? part(for: location) else { return }
        await part.undoInterruptedDeletion(of: location)
    }

    package func delete(_ location: String, ifStill identity: FileIdentity) async -> SourceDeletion {
        do throws(SourceError) {
            return await (try part(for: location)).delete(location, ifStill: identity)
        } catch { return .kept(error.message) }
    }

    package func delete(_ sources: [PackedSource]) async -> [SourceDeletion] {
        var remote = await deletions(of: sources.filter { S3SourceLocation.isOne($0.location) }, by: s3)[...]
        var others = await deletions(of: sources.filter { !S3SourceLocation.isOne($0.location) }, by: local)[...]
        return sources.map { source in
            let deletion = S3SourceLocation.isOne(source.location) ? remote.popFirst() : others.popFirst()
            return deletion ?? .kept("nobody deleted it")
        }
    }

    package func absences(of locations: [String]) async -> [SourceAbsence] {
        // Of S3 the answer is certain without a look.
        let positions = locations.indices.filter { !S3SourceLocation.isOne(locations[$0]) }
        var absences = [SourceAbsence](repeating: .certain, count: locations.count)
        guard let local, !positions.isEmpty else { return absences }
        for (position, absence) in zip(positions, await local.absences(of: positions.map { locations[$0] })) {
            absences[position] = absence
        }
        return absences
    }

    package func readableSiblings(of location: String, atMost most: Int) async -> Int {
        do throws(SourceError) {
            return await (try part(for: location)).readableSiblings(of: location, atMost: most)
        } catch { return 0 }
    }

    private func deletions(of sources: [PackedSource], by part: (any SourceFiles)?) async -> [SourceDeletion] {
        guard !sources.isEmpty else { return [] }
        guard let part else { return sources.map { .kept(unavailable($0.location).message) } }
        return await part.delete(sources)
    }

    private func part(for location: String) throws(SourceError) -> any SourceFiles {
        guard let part = S3SourceLocation.isOne(location) ? s3 : local else { throw unavailable(location) }
        return part
    }

    private func unavailable(_ location: String) -> SourceError {
        switch SourceAddress(location) {
        case .object:
            SourceError(.unsupportedLocation, "cannot read \(location): packer.s3_source.enabled is false")
        case .unreadable(let error): error
        case .absolutePath, .relativePath:
            SourceError(.outsideRoots, "cannot read \(location): it is outside of source_roots")
        }
    }
}
