package import DESBase

/// What an upload sends: bytes, or a part of a file that is read while it is sent.
package struct S3Body: Sendable {
    let content: HTTPBody
    /// Checksums that the caller knows already; those that are needed and missing are computed.
    package var digests: PayloadDigests

    /// In bytes.
    package var count: Int { content.count }

    package static func bytes(_ bytes: [UInt8], digests: PayloadDigests = PayloadDigests()) -> S3Body {
        S3Body(content: .bytes(bytes), digests: digests)
    }

    /// The file must not change until the upload has ended.
    package static func file(
        _ file: OpenFile, _ range: Range<UInt64>, digests: PayloadDigests = PayloadDigests()
    ) -> S3Body {
        S3Body(content: .file(file, range), digests: digests)
    }

    /// Computes what is wanted and not known. Reading a file is done on the threads.
    func adding(_ wanted: PayloadDigests.Kinds, on threads: ThreadPool) async throws -> S3Body {
        let missing = wanted.subtracting(digests.known)
        guard !missing.isEmpty else { return self }
        var body = self
        switch content {
        case .bytes(let bytes) where bytes.count <= 1 << 16:
            body.digests = digests.merging(PayloadDigests.of(bytes, missing))
        case .bytes(let bytes):
            body.digests = digests.merging(try await threads.run { PayloadDigests.of(bytes, missing) })
        case .file(let file, let range):
            body.digests = digests.merging(try await threads.run { try PayloadDigests.of(file, range, missing) })
        }
        return body
    }
}
