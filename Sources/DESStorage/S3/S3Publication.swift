import DESBase
import DESS3
import Synchronization

/// Makes one staged file appear in S3: in one request or in parts, never in the place of another, and confirmed.
///
/// What it came to when an answer was lost is found out by looking, not by doing it again.
struct S3Publication: Sendable {
    let store: S3Store
    let file: StagedFile

    /// In one pass over the file: for the signature and for what the service checks. An MD5 is also what entity tags mostly are.
    var digestKinds: PayloadDigests.Kinds {
        switch client.settings.checksum {
        case .none: [.sha256]
        case .md5: [.sha256, .md5]
        case .crc32: [.sha256, .crc32]
        }
    }

    var client: S3Client { store.client }
    var location: S3Location { store.location(file.key) }
    var settings: S3StoreSettings { store.settings }

    func run() async throws -> PublishOutcome {
        let source = try await store.threads.run { [file] in
            let source = try OpenFile(file.path)
            let size = UInt64(try source.status().size)
            guard size == file.size else {
                throw StorageError(
                    .damaged, key: file.key,
                    "\(file.path) has \(size) bytes instead of \(file.size); it was not published")
            }
            return source
        }
        let outcome =
            file.size > settings.multipartThreshold
            ? try await uploadInParts(source) : try await upload(source)
        if settings.readsBack, try await !hasContent(of: source) {
            throw StorageError(
                .damaged, key: file.key, "\(location) reads back otherwise than it was written; look into it")
        }
        return outcome
    }

    private func upload(_ source: OpenFile) async throws -> PublishOutcome {
        let whole = 0..<file.size
        let digests = try await store.threads.run { try PayloadDigests.of(source, whole, digestKinds) }
        let expected = digests.md5?.hexadecimal
        if store.lacksConditions.load(ordering: .relaxed), let existing = try await store.head(file.key) {
            return try await settle(existing, expected, source)
        }
        do {
            var options = S3WriteOptions(isCreateOnly: true, headers: settings.headers)
            options.isCreateOnly = !store.lacksConditions.load(ordering: .relaxed)
            let written = try await client.putObject(location, .file(source, whole, digests: digests), options)
            try await confirm(written, expected)
            return .created
        } catch let error as S3Error where error.isConditionUnknown {
            store.lacksConditions.store(true, ordering: .relaxed)
            return try await upload(source)
        } catch let error as S3Error where error.isPreconditionFailed || error.isOutcomeUnknown {
            guard let existing = try await store.head(file.key) else { throw lost(error) }
            return try await settle(existing, expected, source, isOurs: error.isOutcomeUnknown)
        }
    }

    /// The store's own word for it: the size, and the entity tag that the upload was answered with.
    func confirm(_ written: S3Written, _ expected: String?) async throws {
        guard let found = try await store.head(file.key) else {
            throw StorageError(
                .failed, key: file.key, isTransient: true, "\(location) was written, but the store does not show it")
        }
        let isSame = found.etag == expected || written.etag.isEmpty || found.etag == written.etag
        guard found.size == file.size, isSame else {
            throw StorageError(
                .damaged, key: file.key,
                "\(location) has \(found.size) bytes and the ETag \(found.etag), not the \(file.size) bytes and the ETag "
                    + "\(written.etag) that were written; look into it")
        }
    }

    /// - Parameter isOurs: an answer was lost, so it may well be what this call wrote.
    func settle(
        _ existing: S3ObjectAttributes, _ expected: String?, _ source: OpenFile, isOurs: Bool = false
    ) async throws -> PublishOutcome {
        // An ETag need not be an MD5 (encryption, other part sizes), so only equality says something.
        if existing.size == file.size {
            if let expected, existing.etag == expected { return isOurs ? .created : .alreadyThere }
            if try await hasContent(of: source) { return isOurs ? .created : .alreadyThere }
        }
        throw StorageError(
            .conflict, key: file.key, "\(location) exists with other content; it was left as it is")
    }

    /// Whether the object has the bytes of the file; reads it, a piece at a time.
    private func hasContent(of source: OpenFile) async throws -> Bool {
        let pieceSize: UInt64 = 8 << 20
        var offset: UInt64 = 0
        while offset < file.size {
            let range = offset..<min(file.size, offset + pieceSize)
            let piece = try await client.getObject(location, range: .bytes(range), limit: Int(pieceSize))
            guard piece.attributes.size == file.size else { return false }
            let isEqual = try await store.threads.run {
                try PayloadDigests.of(source, range, .sha256) == PayloadDigests.of(piece.bytes, .sha256)
            }
            guard isEqual else { return false }
            offset = range.upperBound
        }
        return try await store.head(file.key)?.size == file.size
    }

    func lost(_ error: S3Error) -> StorageError {
        StorageError(.failed, key: file.key, isTransient: true, "\(error); the object is not there")
    }
}

extension S3Error {
    /// Whether the server does not know conditional writes.
    var isConditionUnknown: Bool { status == 501 || code == "NotImplemented" }
}
