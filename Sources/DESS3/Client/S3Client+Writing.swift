package import DESBase

/// How an object is written.
package struct S3WriteOptions: Sendable, Hashable {
    /// Whether an object that is there already is an error (``S3Error/isPreconditionFailed``) and stays.
    package var isCreateOnly: Bool
    package var contentType: String?
    /// `x-amz-meta-…`; the names without that.
    package var metadata: [String: String]
    /// Further headers, such as `x-amz-storage-class` or `x-amz-server-side-encryption`.
    package var headers: [String: String]
    package var retention: S3Retention?

    package init(
        isCreateOnly: Bool = false, contentType: String? = nil, metadata: [String: String] = [:],
        headers: [String: String] = [:], retention: S3Retention? = nil
    ) {
        self.isCreateOnly = isCreateOnly
        self.contentType = contentType
        self.metadata = metadata
        self.headers = headers
        self.retention = retention
    }

    /// Those of the object itself, without the condition.
    var objectHeaders: [(name: String, value: String)] {
        var result: [(name: String, value: String)] = headers.map { ($0.key.lowercased(), $0.value) }
        if let contentType { result.append(("content-type", contentType)) }
        result += metadata.map { ("x-amz-meta-\($0.key.lowercased())", $0.value) }
        if let retention {
            result.append(("x-amz-object-lock-mode", retention.mode.rawValue))
            result.append(("x-amz-object-lock-retain-until-date", retention.until.secondText))
        }
        return result
    }
}

/// Until when an object cannot be deleted or replaced.
package struct S3Retention: Sendable, Hashable {
    package enum Mode: String, Sendable, Hashable, CaseIterable {
        /// Special permission can lift it.
        case governance = "GOVERNANCE"
        /// Nobody can.
        case compliance = "COMPLIANCE"
    }

    package var mode: Mode
    package var until: Timestamp

    package init(mode: Mode, until: Timestamp) {
        self.mode = mode
        self.until = until
    }
}

/// What was written.
package struct S3Written: Sendable, Hashable {
    /// Without quotes.
    package var etag: String
    package var versionID: String?
    /// What was sent had these; those that were computed.
    package var digests: PayloadDigests
}

extension S3Client {
    /// Writes an object in one request.
    ///
    /// - Throws: ``S3Error``; if ``S3Error/isOutcomeUnknown`` it may be there: look before it is written again. A
    ///   create-only write that meets its own earlier try fails with ``S3Error/isPreconditionFailed``: look then too.
    package func putObject(
        _ location: S3Location, _ body: S3Body, _ options: S3WriteOptions = S3WriteOptions()
    ) async throws -> S3Written {
        var request = S3Request(.putObject, .put, location)
        request.headers = options.objectHeaders
        if options.isCreateOnly { request.headers.append(("if-none-match", "*")) }
        request.changesSomething = true
        // A write with a retention must have one.
        let isLocked = options.retention != nil && settings.checksum == .none
        return try await upload(request, body, isLocked ? .md5 : settings.checksum)
    }

    /// Sends a body with its checksum.
    func upload(
        _ request: S3Request, _ body: S3Body, _ checksum: S3Settings.Checksum
    ) async throws -> S3Written {
        var request = request
        var kinds: PayloadDigests.Kinds =
            switch checksum {
            case .none: []
            case .md5: .md5
            case .crc32: .crc32
            }
        // All in one pass over the file.
        if isPayloadSigned { kinds.insert(.sha256) }
        let body = try await adding(kinds, to: body, request)
        request.body = body
        if checksum == .md5, let md5 = body.digests.md5 { request.headers.append(("content-md5", md5.base64)) }
        if checksum == .crc32, let crc32 = body.digests.crc32 {
            request.headers.append((S3HeaderName.checksum, CRC32Text.encode(crc32)))
        }
        return try await perform(request) { response, _ in
            S3Written(
                etag: (response.header("etag") ?? "").unquoted, versionID: response.header(S3HeaderName.versionID),
                digests: body.digests)
        }
    }

    /// Sets how long an object is kept.
    package func putObjectRetention(
        _ location: S3Location, _ retention: S3Retention, versionID: String? = nil
    ) async throws {
        var request = S3Request(.putObjectRetention, .put, location)
        request.query = [("retention", "")]
        if let versionID { request.query.append(("versionId", versionID)) }
        let document =
            "<Retention xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Mode>\(retention.mode.rawValue)</Mode>"
            + "<RetainUntilDate>\(retention.until.secondText)</RetainUntilDate></Retention>"
        _ = try await upload(request, .bytes(Array(document.utf8)), .md5)
    }
}
