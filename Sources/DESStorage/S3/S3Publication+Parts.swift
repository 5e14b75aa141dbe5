import DESBase
import DESS3
import Synchronization

/// Uploading in parts. The key is noted before the upload is begun, since the answer to its beginning may be lost: what was begun
/// for the key, under whatever ID, is thrown away once the object is there, or by the next start.
extension S3Publication {
    /// The parts, and the entity tag to expect; nil if it is not known.
    private typealias Sent = (parts: [S3UploadedPart], etag: String?)

    private static let mostParts: UInt64 = 9_000
    private static let mostCompletions = 3

    func uploadInParts(_ source: OpenFile) async throws -> PublishOutcome {
        if let existing = try await store.head(file.key) { return try await settle(existing, nil, source) }
        let note = try await store.journal?.add(location)
        do {
            let upload = try await client.createMultipartUpload(location, S3WriteOptions(headers: settings.headers))
            let sent = try await sendParts(of: upload, source)
            let outcome = try await complete(upload, sent, source)
            // If this fails, the note is still there, and the next start does it.
            try? await store.discardUploads(to: location, note: note)
            return outcome
        } catch {
            try? await store.discardUploads(to: location, note: note)
            throw error
        }
    }

    /// The same for the same size, so that the entity tag of a former upload can be compared.
    private var partSize: UInt64 {
        let least = (file.size + Self.mostParts - 1) / Self.mostParts
        let mebibytes = (least + (1 << 20) - 1) >> 20
        return max(settings.partSize, mebibytes << 20)
    }

    private func sendParts(of upload: S3Upload, _ source: OpenFile) async throws -> Sent {
        let client = client
        let threads = store.threads
        let (size, partSize) = (file.size, partSize)
        let sent = try await withThrowingTaskGroup(of: (part: S3UploadedPart, md5: [UInt8]?).self) { group in
            var sent: [(part: S3UploadedPart, md5: [UInt8]?)] = []
            for (index, start) in stride(from: 0, to: size, by: Int(partSize)).enumerated() {
                if index >= settings.parallelUploads, let part = try await group.next() { sent.append(part) }
                group.addTask {
                    let range = start..<min(size, start + partSize)
                    let digests = try await threads.run { try PayloadDigests.of(source, range, digestKinds) }
                    let part = try await client.uploadPart(
                        upload, number: index + 1, .file(source, range, digests: digests))
                    return (part, digests.md5)
                }
            }
            for try await part in group { sent.append(part) }
            return sent.sorted { $0.part.number < $1.part.number }
        }
        let digests = sent.compactMap(\.md5)
        let isKnown = digests.count == sent.count
        let digest = isKnown ? PayloadDigests.of(digests.flatMap(\.self), .md5).md5?.hexadecimal : nil
        return (sent.map(\.part), digest.map { "\($0)-\(sent.count)" })
    }

    /// Puts the parts together. When the answer is lost, it looks; if the object is not there, the parts still are.
    private func complete(_ upload: S3Upload, _ sent: Sent, _ source: OpenFile) async throws -> PublishOutcome {
        var tries = 0
        while true {
            tries += 1
            do {
                let written = try await client.completeMultipartUpload(
                    upload, parts: sent.parts, isCreateOnly: !store.lacksConditions.load(ordering: .relaxed))
                try await confirm(written, sent.etag)
                return .created
            } catch let error as S3Error where error.isConditionUnknown {
                store.lacksConditions.store(true, ordering: .relaxed)
            } catch let error as S3Error
                where error.isPreconditionFailed || error.isOutcomeUnknown || error.code == .noSuchUpload
            {
                if let existing = try await store.head(file.key) {
                    return try await settle(existing, sent.etag, source, isOurs: !error.isPreconditionFailed)
                }
                guard error.isOutcomeUnknown, tries < Self.mostCompletions else { throw lost(error) }
            }
        }
    }
}

extension S3Store {
    /// Aborts all uploads in parts to exactly this key, and forgets the note. Shards have names of their own; a big file may be
    /// uploaded by somebody else at the same time, who then finds the object there, or tries again.
    func discardUploads(to location: S3Location, note: UploadJournal.Note?) async throws {
        do {
            var marker: S3UploadPage.Marker?
            repeat {
                let page = try await client.listMultipartUploads(
                    bucket: location.bucket, prefix: location.key, after: marker)
                for upload in page.uploads where upload.location.key.utf8.elementsEqual(location.key.utf8) {
                    try await client.abortMultipartUpload(upload)
                }
                marker = page.next
            } while marker != nil
        } catch let error as S3Error where error.isAccessDenied {
            // Without that permission nothing can be found; the bucket's own rules for unfinished uploads have to do it.
        }
        if let note { try await journal?.remove(note) }
    }
}
