import DESBase

/// An object that is to be removed.
package struct S3Deletion: Sendable {
    package let key: String
    /// The entity tag that it must have, else it stays and the result is ``S3Error/isPreconditionFailed``; nil: any.
    package let ifMatch: String?

    package init(_ key: String, ifMatch: String? = nil) {
        self.key = key
        self.ifMatch = ifMatch
    }
}

extension S3Client {
    /// Most keys of one ``deleteObjects(bucket:_:)``.
    package static let mostDeletions = 1000

    /// Removes an object; one that is not there is fine.
    ///
    /// - Parameter ifMatch: the entity tag that it must have, where the service knows conditions of a deletion.
    package func deleteObject(_ location: S3Location, ifMatch: String? = nil) async throws {
        var request = S3Request(.deleteObject, .delete, location)
        if let ifMatch { request.headers.append(("if-match", ifMatch)) }
        do {
            try await perform(request) { _, _ in }
        } catch let error as S3Error where error.isNotFound {
            // Some services say so.
        }
    }

    /// Removes up to ``mostDeletions`` objects by one request; those that are not there are fine.
    ///
    /// Services that know no conditions of a deletion (the element `ETag` of DeleteObjects in the API reference of S3) overlook
    /// them; where one refuses the request for them, it is sent again without.
    ///
    /// - Returns: one result for each key, in order.
    /// - Throws: ``S3Error`` if the request as a whole failed; then any of them may be gone or not.
    package func deleteObjects(bucket: String, _ objects: [S3Deletion]) async throws -> [Result<Void, S3Error>] {
        precondition(objects.count <= Self.mostDeletions, "at most \(Self.mostDeletions) keys in one request")
        do {
            return try await deleteOnce(bucket, objects)
        } catch let error as S3Error where error.refusesConditions && objects.contains(where: { $0.ifMatch != nil }) {
            return try await deleteOnce(bucket, objects.map { S3Deletion($0.key) })
        }
    }

    private func deleteOnce(_ bucket: String, _ objects: [S3Deletion]) async throws -> [Result<Void, S3Error>] {
        let elements = objects.map(\.element)
        var answer = DeletionAnswer()
        if elements.contains(where: { $0 != nil }) {
            answer = try await delete(bucket, "<Delete>\(elements.compactMap { $0 }.joined())</Delete>")
        }
        var results: [Result<Void, S3Error>] = []
        results.reserveCapacity(objects.count)
        for (object, element) in zip(objects, elements) {
            if element == nil {
                // No XML document can name it.
                results.append(await deletedAlone(S3Location(bucket: bucket, key: object.key), object.ifMatch))
            } else {
                results.append(answer.result(for: object.key, bucket))
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
            request.headers.append((S3HeaderName.checksum, CRC32Text.encode(crc32)))
        } else if let md5 = request.body?.digests.md5 {
            request.headers.append(("content-md5", md5.base64))
        }
        return try await perform(request) { response, context in
            let document = try Self.document(response, root: "DeleteResult", context)
            return DeletionAnswer(document, context)
        }
    }

    private func deletedAlone(_ location: S3Location, _ ifMatch: String?) async -> Result<Void, S3Error> {
        do {
            return .success(try await deleteObject(location, ifMatch: ifMatch))
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

extension S3Deletion {
    /// For the document of a request; nil if none can name it.
    fileprivate var element: String? {
        guard let key = XMLReader.escaped(key) else { return nil }
        let condition = ifMatch.flatMap(XMLReader.escaped).map { "<ETag>\($0)</ETag>" } ?? ""
        return "<Object><Key>\(key)</Key>\(condition)</Object>"
    }
}

extension S3Error {
    /// Whether a service does not know the conditions of a request.
    fileprivate var refusesConditions: Bool {
        ["MalformedXML", "NotImplemented"].contains { code.rawValue.isByteEqual(to: $0) }
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
