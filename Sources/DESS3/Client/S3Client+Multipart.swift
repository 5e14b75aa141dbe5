package import DESBase

/// An upload in parts that was begun: nothing is visible until it is completed.
package struct S3Upload: Sendable, Hashable {
    package var location: S3Location
    package var id: String
    /// When it was begun; only in a listing.
    package var initiated: Timestamp?

    package init(location: S3Location, id: String, initiated: Timestamp? = nil) {
        self.location = location
        self.id = id
        self.initiated = initiated
    }
}

/// A part that was uploaded.
package struct S3UploadedPart: Sendable, Hashable {
    /// 1 … 10,000
    package var number: Int
    /// Without quotes.
    package var etag: String
    package var crc32: UInt32?

    package init(number: Int, etag: String, crc32: UInt32? = nil) {
        self.number = number
        self.etag = etag
        self.crc32 = crc32
    }
}

/// Some of the uploads that are neither completed nor aborted.
package struct S3UploadPage: Sendable, Hashable {
    /// Where the next page begins.
    package struct Marker: Sendable, Hashable {
        package var key: String
        package var uploadID: String

        package init(key: String, uploadID: String) {
            self.key = key
            self.uploadID = uploadID
        }
    }

    package var uploads: [S3Upload]
    /// Give it to go on; nil at the end.
    package var next: Marker?
}

extension S3Client {
    /// Begins an upload in parts. One that is not completed has to be aborted: its parts are kept and paid for.
    ///
    /// A create-only condition belongs to the completion.
    package func createMultipartUpload(
        _ location: S3Location, _ options: S3WriteOptions = S3WriteOptions()
    ) async throws -> S3Upload {
        var request = S3Request(.createMultipartUpload, .post, location)
        request.query = [("uploads", "")]
        request.headers = options.objectHeaders
        if settings.checksum == .crc32 { request.headers.append(("x-amz-checksum-algorithm", "CRC32")) }
        request.body = .bytes([])
        return try await perform(request) { response, context in
            let document = try Self.document(response, root: "InitiateMultipartUploadResult", context)
            guard let id = document.text("UploadId"), !id.isEmpty else {
                throw S3Error(.invalidResponse, status: response.status, message: "the upload has no ID", context)
            }
            return S3Upload(location: location, id: id)
        }
    }

    /// Uploads a part: all but the last have at least 5 MiB.
    ///
    /// - Parameter number: 1 … 10,000; parts are put together in that order. A number that was used is replaced.
    package func uploadPart(_ upload: S3Upload, number: Int, _ body: S3Body) async throws -> S3UploadedPart {
        var request = S3Request(.uploadPart, .put, upload.location)
        request.query = [("partNumber", String(number)), ("uploadId", upload.id)]
        let written = try await self.upload(request, body, settings.checksum)
        guard !written.etag.isEmpty else {
            throw S3Error(
                .invalidResponse, message: "the part has no ETag", operation: .uploadPart,
                bucket: upload.location.bucket, key: upload.location.key)
        }
        return S3UploadedPart(
            number: number, etag: written.etag, crc32: settings.checksum == .crc32 ? written.digests.crc32 : nil)
    }

    /// Makes the object of its parts.
    ///
    /// - Parameter isCreateOnly: asks the server not to replace an object; not every server does as asked.
    /// - Returns: the entity tag may be empty: not every server tells it.
    /// - Throws: ``S3Error``; if ``S3Error/isOutcomeUnknown``, or with ``S3Error/Code/noSuchUpload``, the object may be there.
    package func completeMultipartUpload(
        _ upload: S3Upload, parts: [S3UploadedPart], isCreateOnly: Bool = false
    ) async throws -> S3Written {
        var request = S3Request(.completeMultipartUpload, .post, upload.location)
        request.query = [("uploadId", upload.id)]
        request.headers = [("content-type", "application/xml")]
        if isCreateOnly { request.headers.append(("if-none-match", "*")) }
        request.stallTime = settings.completionTime
        request.changesSomething = true
        let list = parts.sorted { $0.number < $1.number }.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>&quot;\(XMLReader.escaped(part.etag) ?? "")&quot;</ETag>"
                + (part.crc32.map { "<ChecksumCRC32>\(CRC32Text.encode($0))</ChecksumCRC32>" } ?? "") + "</Part>"
        }
        request.body = .bytes(Array("<CompleteMultipartUpload>\(list.joined())</CompleteMultipartUpload>".utf8))
        return try await perform(request) { response, context in try Self.completion(response, context) }
    }

    /// The server begins its answer with 200 before it knows how it ends, so an error may follow.
    private static func completion(_ response: HTTPResponse, _ context: S3ErrorContext) throws -> S3Written {
        guard let document = try? XMLReader.read(response.body) else {
            var error = S3Error(
                .invalidResponse, status: response.status, message: "the answer is damaged or not whole", context)
            error.isOutcomeUnknown = true
            throw error
        }
        if document.name == "Error" {
            var error = S3Error(response, context)
            // The status says nothing.
            error.status = nil
            error.isOutcomeUnknown = error.code == .internalError
            throw error
        }
        guard document.name == "CompleteMultipartUploadResult" else {
            throw S3Error(
                .notS3, status: response.status, message: "the answer is a document <\(document.name)>", context)
        }
        return S3Written(
            etag: (document.text("ETag") ?? "").unquoted, versionID: response.header(S3HeaderName.versionID),
            digests: PayloadDigests())
    }

    /// Throws the parts away; an upload that is not there any more is fine.
    package func abortMultipartUpload(_ upload: S3Upload) async throws {
        var request = S3Request(.abortMultipartUpload, .delete, upload.location)
        request.query = [("uploadId", upload.id)]
        do {
            try await perform(request) { _, _ in }
        } catch let error as S3Error where error.code == .noSuchUpload {
            // Aborted or completed already.
        }
    }

    /// Lists uploads that are under way, of keys that begin with `prefix`.
    package func listMultipartUploads(
        bucket: String, prefix: String = "", after marker: S3UploadPage.Marker? = nil
    ) async throws -> S3UploadPage {
        var request = S3Request(.listMultipartUploads, .get, bucket: bucket)
        // Not encoded as a listing of objects is: some servers encode only a part of the answer then, and do not say so.
        request.query = [("uploads", "")]
        if !prefix.isEmpty { request.query.append(("prefix", prefix)) }
        if let marker {
            request.query += [("key-marker", marker.key), ("upload-id-marker", marker.uploadID)]
        }
        return try await perform(request) { response, context in
            let document = try Self.document(response, root: "ListMultipartUploadsResult", context)
            let uploads = document.all("Upload").compactMap { element -> S3Upload? in
                guard let key = element.text("Key"), let id = element.text("UploadId") else { return nil }
                return S3Upload(
                    location: S3Location(bucket: bucket, key: key), id: id,
                    initiated: element.text("Initiated").flatMap { Timestamp(s3Text: $0) })
            }
            guard document.text("IsTruncated") == "true" else { return S3UploadPage(uploads: uploads, next: nil) }
            guard let key = document.text("NextKeyMarker"), let id = document.text("NextUploadIdMarker") else {
                throw S3Error(
                    .invalidResponse, status: response.status, message: "there is more, but not how to go on", context)
            }
            if let marker, marker.key.isByteEqual(to: key), marker.uploadID.isByteEqual(to: id) {
                throw S3Error(
                    .invalidListing, status: response.status,
                    message: "the service repeats its listing: it does not know key-marker", context)
            }
            return S3UploadPage(uploads: uploads, next: .init(key: key, uploadID: id))
        }
    }
}
