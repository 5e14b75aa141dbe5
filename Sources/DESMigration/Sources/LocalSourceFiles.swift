package import DESBase
package import DESShard

/// Sources in the local file system, as ``SourceAddress`` reads their locations.
package struct LocalSourceFiles: SourceFiles {
    /// Resolved folders that sources must lie in, each with a `/` at its end; empty: anywhere.
    private let roots: [String]
    let protection: SourceProtection
    /// Nil if nothing is to be deleted, so that nobody has to know.
    let watch: ChangeWatch?
    let ownChanges = OwnChanges()
    /// The folder that relative locations are meant from; nil: the working directory.
    private let base: String?

    /// - Parameters:
    ///   - roots: folders that sources must lie in, after all links are resolved; empty: anywhere.
    ///   - base: the folder that relative locations are meant from, an absolute path; nil: the working directory.
    ///   - kept: files and folders of which nothing is ever deleted, whatever a row says: where shards lie, the catalog.
    ///   - watch: tells whether a file may change without its times showing it; nil: nothing will be deleted.
    /// - Throws: `SystemError` when a root does not exist.
    package init(
        roots: [String] = [], base: String? = nil, keeping kept: [String] = [], watch: ChangeWatch? = ChangeWatch()
    ) throws(SystemError) {
        self.base = base
        protection = SourceProtection(kept)
        self.watch = watch
        var resolved: [String] = []
        for root in roots {
            let path = try FileSystem.realPath(root)
            resolved.append(path.hasByteSuffix("/") ? path : path + "/")
        }
        self.roots = resolved
    }

    package func read(
        _ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer
    ) throws(SourceError) -> SourceRead {
        let path = try path(of: location)
        var expected = try regularFile(path)
        let file = try open(path)
        try checkRoots(file, location)
        expected.mayChangeUnseen = watch?.mayChangeUnseen(expected, file) ?? true
        guard UInt64(expected.size) <= bigFileThreshold else { return .bigFile(expected) }
        let size = Int(expected.size)
        // One byte more than expected shows a file that has grown.
        let room = UnsafeMutableRawBufferPointer(rebasing: buffer.reserve(size + 1).prefix(size + 1))
        do throws(SystemError) {
            let count = try file.read(into: room, at: 0)
            let found = try file.status().identity
            if count == size && found.isSameFile(as: expected) {
                buffer.commit(count)
                return .contents(expected)
            }
        } catch { throw SourceError(reading: error) }
        throw Self.changed(path)
    }

    package func readPieces(
        _ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let path = try path(of: location)
        guard try regularFile(path).isSameFile(as: identity) else { throw Self.changed(path) }
        let file = try open(path)
        try checkRoots(file, location)
        let buffer = ByteBuffer(capacity: BigFileReader.pieceSize)
        var offset: Int64 = 0
        while offset < identity.size {
            buffer.removeAll()
            let wanted = Int(min(Int64(BigFileReader.pieceSize), identity.size - offset))
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.reserve(wanted).prefix(wanted))
            do throws(SystemError) { buffer.commit(try file.read(into: room, at: offset)) } catch {
                throw SourceError(reading: error)
            }
            guard buffer.count == wanted else { throw Self.changed(path) }
            try body(buffer.bytes)
            offset += Int64(wanted)
        }
        guard try file.status().identity.isSameFile(as: identity) else { throw Self.changed(path) }
    }

    package func identity(of location: String) throws(SourceError) -> FileIdentity? {
        let path = try path(of: location)
        do throws(SystemError) {
            guard var identity = try FileSystem.status(path)?.identity else { return nil }
            identity.mayChangeUnseen = true
            if let watch, let file = try? OpenFile(path) {
                identity.mayChangeUnseen = watch.mayChangeUnseen(identity, file)
            }
            return identity
        } catch { throw SourceError(reading: error, isLookup: true) }
    }

    /// The path that a location means.
    func path(of location: String) throws(SourceError) -> String { try SourceAddress(location).path(base: base) }

    /// The identity of a regular file, looked at before it is opened: opening a device can do things.
    private func regularFile(_ path: String) throws(SourceError) -> FileIdentity {
        let status: FileStatus
        do throws(SystemError) { status = try FileSystem.existingStatus(path) } catch {
            throw SourceError(reading: error, isLookup: true)
        }
        guard status.kind == .regular else {
            throw SourceError(.notRegular, "cannot read \(path): it is a \(status.kind.rawValue)")
        }
        return status.identity
    }

    private func open(_ path: String) throws(SourceError) -> OpenFile {
        do throws(SystemError) { return try OpenFile(path) } catch { throw SourceError(reading: error) }
    }

    /// Whether a resolved path lies in one of the roots.
    func isInRoots(_ real: String) -> Bool { roots.isEmpty || roots.contains { real.hasBytePrefix($0) } }

    private func checkRoots(_ file: OpenFile, _ location: String) throws(SourceError) {
        guard !roots.isEmpty else { return }
        let real: String
        do throws(SystemError) { real = try file.resolvedPath() } catch { throw SourceError(reading: error) }
        guard isInRoots(real) else {
            throw SourceError(.outsideRoots, "cannot read \(location): it is outside of source_roots")
        }
    }

    private static func changed(_ path: String) -> SourceError {
        SourceError(.changed, "\(path) changed while it was being read")
    }
}
