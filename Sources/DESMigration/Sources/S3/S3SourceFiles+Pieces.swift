package import DESBase
import DESS3

extension S3SourceFiles {
    /// Bytes of a piece of a big file; two of them are in memory.
    static let pieceSize: UInt64 = 4 << 20

    package func readPieces(
        _ location: String, of identity: FileIdentity, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        let place = try place(of: location)
        let start = meter.now
        do {
            let attributes = try await attributes(of: place)
            guard FileIdentity(attributes) == identity else { throw SourceError.changed(place) }
            let object = BigObject(files: self, place: place, etag: attributes.etag, identity: identity)
            let digest = try await object.read(body)
            if transferCheck.judge(md5: digest, etag: attributes.etag) == .unknown {
                guard try await object.read({ _ in }) == digest else { throw SourceError.garbled(place) }
            }
            meter.succeeded(since: start)
        } catch let error as SourceError {
            meter.failed(error, since: start)
            throw error
        }
    }
}

/// A big object while it is read.
private struct BigObject: Sendable {
    let files: S3SourceFiles
    let place: S3Location
    let etag: String
    let identity: FileIdentity

    /// Gives all pieces, the next one being fetched meanwhile.
    ///
    /// - Returns: the MD5 of all.
    func read(_ body: (UnsafeRawBufferPointer) throws -> Void) async throws -> [UInt8] {
        let hash = Digest(.md5)
        var (offset, piece) = (UInt64(0), try await piece(at: 0))
        while let bytes = piece {
            let end = offset + UInt64(bytes.count)
            // When the body throws, this transfer ends too.
            async let next = self.piece(at: end)
            try bytes.withUnsafeBytes { bytes in
                hash.update(bytes)
                try body(bytes)
            }
            piece = try await next
            offset = end
        }
        return hash.finish()
    }

    /// The piece that begins there; nil at the end.
    private func piece(at offset: UInt64) async throws -> [UInt8]? {
        let size = UInt64(identity.size)
        guard offset < size else { return nil }
        let range = offset..<min(size, offset + S3SourceFiles.pieceSize)
        let object: S3Object
        do {
            object = try await files.client.getObject(
                place, range: .bytes(range), ifMatch: etag, limit: Int(S3SourceFiles.pieceSize))
        } catch let error as CancellationError {
            throw error
        } catch { throw SourceError(readingS3: error, place) }
        // A service need not know conditions.
        guard FileIdentity(object.attributes) == identity, object.bytes.count == range.count else {
            throw SourceError.changed(place)
        }
        files.meter.downloaded(object.bytes.count)
        return object.bytes
    }
}
