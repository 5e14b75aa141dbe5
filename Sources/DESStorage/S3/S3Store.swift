package import DESBase
package import DESS3
import Synchronization

/// A prefix of a bucket as an object store.
///
/// Objects are created under a condition (`If-None-Match: *`) where the server knows it; where it does not, shards are safe by
/// their unique names and big files by being named by their content.
package final class S3Store: ObjectStore {
    package let settings: S3StoreSettings
    package let identity: String
    let client: S3Client
    /// Where files are opened, hashed and compared.
    let threads: ThreadPool
    /// Names uploads in parts that are under way; nil: nobody aborts what a killed process began.
    let journal: UploadJournal?
    /// Whether the server refused a conditional write as something that it does not know.
    let lacksConditions = Atomic<Bool>(false)

    package init(_ settings: S3StoreSettings, client: S3Client, threads: ThreadPool, journal: UploadJournal? = nil) {
        self.settings = settings
        identity = "\(client.settings.endpoint.origin.text) s3://\(settings.bucket)/\(settings.prefix)"
        self.client = client
        self.threads = threads
        self.journal = journal
    }

    package var name: String { "s3://\(settings.bucket)/\(settings.prefix)" }

    package var localFolder: String? { nil }

    func location(_ key: String) -> S3Location { S3Location(bucket: settings.bucket, key: settings.prefix + key) }

    /// Finds out whether the bucket can be read and listed, and aborts the uploads that a process before this one left.
    package func prepare() async throws(StorageError) {
        _ = try await list(prefix: "", after: nil, limit: 1)
        guard let journal else { return }
        try await attempt("") {
            for (note, location) in try await journal.notes() {
                try await self.discardUploads(to: location, note: note)
            }
        }
    }

    package func publish(_ files: [StagedFile]) async -> [Result<PublishOutcome, StorageError>] {
        await withTaskGroup(of: (Int, Result<PublishOutcome, StorageError>).self) { group in
            var outcomes: [Result<PublishOutcome, StorageError>?] = Array(repeating: nil, count: files.count)
            for (position, file) in files.enumerated() {
                if position >= settings.parallelUploads, let (done, outcome) = await group.next() {
                    outcomes[done] = outcome
                }
                group.addTask { (position, await self.publish(file)) }
            }
            for await (done, outcome) in group { outcomes[done] = outcome }
            return zip(files, outcomes).map { file, outcome in
                outcome ?? .failure(StorageError(.failed, key: file.key, "\(file.key) was not published"))
            }
        }
    }

    private func publish(_ file: StagedFile) async -> Result<PublishOutcome, StorageError> {
        do throws(StorageError) {
            return .success(try await attempt(file.key) { try await S3Publication(store: self, file: file).run() })
        } catch { return .failure(error) }
    }

    package func attributes(of key: String) async throws(StorageError) -> ObjectAttributes? {
        try await attempt(key) {
            try await self.head(key).map {
                ObjectAttributes(
                    key: key, size: $0.size, modifiedAt: $0.lastModified?.secondsSinceEpoch, version: $0.etag)
            }
        }
    }

    package func checksum(of key: String) async throws(StorageError) -> CRC32 {
        try await attempt(key) {
            let crc = Mutex(CRC32())
            _ = try await self.client.getObject(self.location(key)) { piece in crc.withLock { $0.update(piece) } }
            return crc.withLock { $0 }
        }
    }

    package func read(_ key: String) async throws(StorageError) -> [UInt8] {
        try await attempt(key) { try await self.client.getObject(self.location(key)).bytes }
    }

    package func read(_ key: String, range: Range<UInt64>) async throws(StorageError) -> [UInt8] {
        try await attempt(key) {
            do {
                return try await self.client.getObject(
                    self.location(key), range: .bytes(range), limit: Int(clamping: range.count)
                ).bytes
            } catch let error as S3Error where error.isRangeNotSatisfiable {
                return []
            }
        }
    }

    package func readTail(_ key: String, count: Int) async throws(StorageError) -> (bytes: [UInt8], size: UInt64) {
        try await attempt(key) {
            let object = try await self.client.getObject(
                self.location(key), range: .suffix(max(0, count)), limit: max(0, count))
            return (object.bytes, object.attributes.size)
        }
    }

    package func list(prefix: String, after: String?, limit: Int) async throws(StorageError) -> ObjectPage {
        try await attempt(prefix) {
            var continuation: String?
            while true {
                let page = try await self.client.listObjects(
                    bucket: self.settings.bucket, prefix: self.settings.prefix + prefix,
                    startAfter: after.map { self.settings.prefix + $0 }, continuation: continuation, limit: limit)
                var objects = page.objects.map { object in
                    ObjectAttributes(
                        key: String(
                            decoding: object.key.utf8.dropFirst(self.settings.prefix.utf8.count), as: UTF8.self),
                        size: object.size, modifiedAt: object.lastModified?.secondsSinceEpoch, version: object.etag)
                }
                // A page may be empty and yet not the last. That one need not be in order.
                continuation = page.continuation
                if continuation == nil { objects.sort { $0.key.isByteOrdered(before: $1.key) } }
                guard objects.isEmpty, continuation != nil else {
                    return ObjectPage(objects: objects, next: continuation == nil ? nil : objects.last?.key)
                }
            }
        }
    }

    package func open(_ object: ObjectAttributes) async throws(StorageError) -> any ObjectHandle {
        S3Handle(attributes: object, store: self)
    }

    package func delete(_ key: String) async throws(StorageError) {
        try await attempt(key) { try await self.client.deleteObject(self.location(key)) }
    }

    /// Nil if S3 says that there is no such object.
    func head(_ key: String) async throws -> S3ObjectAttributes? {
        do {
            return try await client.headObject(location(key))
        } catch let error as S3Error where error.isNotFound {
            return nil
        }
    }

    func attempt<Value: Sendable>(
        _ key: String, _ body: @Sendable () async throws -> Value
    ) async throws(StorageError) -> Value {
        do {
            return try await body()
        } catch let error as StorageError {
            throw error
        } catch let error as S3Error {
            throw StorageError(error, key: key)
        } catch let error as SystemError {
            throw StorageError(error, key: key)
        } catch {
            throw StorageError(.failed, key: key, "\(name)\(key): \(error)")
        }
    }
}

extension StorageError {
    init(_ error: S3Error, key: String) {
        let isWrite = [S3Operation.putObject, .createMultipartUpload, .uploadPart, .completeMultipartUpload]
            .contains(error.operation)
        let code: Code =
            if error.isNotFound { .notFound } else if !isWrite, error.isPreconditionFailed {
                .changed
            } else if isWrite, error.isAccessDenied || error.isMissingBucket {
                .unwritable
            } else if error.code == "QuotaExceeded" || error.status == 507 { .outOfSpace } else { .failed }
        self.init(
            code, key: key, isTransient: error.isTransient || error.isOutcomeUnknown, error.description)
    }
}
