import DESSystem

extension S3Client {
    /// Most keys of one ``deleteObjects(bucket:keys:)``.
    package static let mostDeletions = 1000

    /// Removes an object; one that is not there is fine.
    package func deleteObject(_ location: S3Location) async throws {
        do {
            try await perform(S3Request(.deleteObject, .delete, location)) { _, _ in }
        } catch let error as S3Error where error.isNotFound {
            // Some services say so.
        }
    }

    /// Removes up to ``mostDeletions`` objects by one request; those that are not there are fine.
    ///
    /// - Returns: one result for each key, in order.
    /// - Throws: ``S3Error`` if the request as a whole failed; then any of them may be gone or not.
    package func deleteObjects(bucket: String, keys: [String]) async throws -> [Result<Void, S3Error>] {
        precondition(keys.count <= Self.mostDeletions, "at most \(Self.mostDeletions) keys in one request")
        let escaped = keys.map { XMLReader.escaped($0) }
        var answer = DeletionAnswer()
        if escaped.contains(where: { $0 != nil }) {
            let objects = escaped.compactMap { $0.map { "<Object><Key>\($0)</Key></Object>" } }.joined()
            answer = try await delete(bucket, "<Delete>\(objects)</Delete>")
        }
        var results: [Result<Void, S3Error>] = []
        results.reserveCapacity(keys.count)
        for (key, text) in zip(keys, escaped) {
            if text == nil {
                // No XML document can name it.
                results.append(await deletedAlone(S3Location(bucket: bucket, key: key)))
            } else {
                results.append(answer.result(for: key, bucket))
            }
        }
        return results
    }

    private func delete(_ bucket: String, _ document: String) async throws -> DeletionAnswer {
        var request = S3Request(.deleteObjects, .post, bucket: bucket)
        request.query = [("delete", "")]
        request.headers = [("content-type", "application/xml")]
        let body = S3Body.bytes(Array(document.utf8))
        // Without one the request is refused.
        let isCRC = settings.checksum == .crc32
        let kinds: PayloadDigests.Kinds = isCRC ? .crc32 : .md5
        request.body = try await adding(isPayloadSigned ? kinds.union(.sha256) : kinds, to: body, request)
        if isCRC, let crc32 = request.body?.digests.crc32 {
            request.headers.append(("x-amz-checksum-crc32", CRC32Text.encode(crc32)))
        } else if let md5 = request.body?.digests.md5 {
            request.headers.append(("content-md5", md5.base64))
        }
        return try await perform(request) { response, context in
            let document = try Self.document(response, root: "DeleteResult", context)
            return DeletionAnswer(document, context)
        }
    }

    private func deletedAlone(_ location: S3Location) async -> Result<Void, S3Error> {
        do {
            return .success(try await deleteObject(location))
        } catch let error as S3Error {
            return .failure(error)
        } catch {
            return .failure(
                S3Error(
                    .noResult, message: "the deletion was cancelled", operation: .deleteObject,
                    bucket: location.bucket, key: location.key))
        }
    }
}

/// What a DeleteObjects answer says of each key.
private struct DeletionAnswer: Sendable {
    private var deleted: Set<ByteString> = []
    private var failed: [ByteString: S3Error] = [:]
    private var endpoint = ""

    init() {}

    init(_ document: XMLTree, _ context: S3ErrorContext) {
        endpoint = context.endpoint
        for element in document.children {
            guard let key = element.text("Key") else { continue }
            if element.name == "Deleted" {
                deleted.insert(ByteString(key))
            } else if element.name == "Error" {
                failed[ByteString(key)] = S3Error(
                    S3Error.Code(rawValue: element.text("Code") ?? ""), message: element.text("Message") ?? "",
                    operation: .deleteObject, bucket: context.bucket, key: key, endpoint: context.endpoint)
            }
        }
    }

    func result(for key: String, _ bucket: String) -> Result<Void, S3Error> {
        if let error = failed[ByteString(key)] { return error.isNotFound ? .success(()) : .failure(error) }
        if deleted.contains(ByteString(key)) { return .success(()) }
        return .failure(
            S3Error(
                .noResult, message: "the answer does not mention it", operation: .deleteObject, bucket: bucket,
                key: key, endpoint: endpoint))
    }
}
