extension S3Client {
    /// Reads an object or a part of it into memory.
    ///
    /// A range that ends behind the object's end is cut; one that begins there is an error
    /// (``S3Error/isRangeNotSatisfiable``), except for a suffix of an empty object.
    ///
    /// - Parameters:
    ///   - ifMatch: the entity tag that the object must have, else ``S3Error/isPreconditionFailed``.
    ///   - limit: more bytes than that are an error.
    package func getObject(
        _ location: S3Location, range: S3Range? = nil, ifMatch: String? = nil, limit: Int = 64 << 20
    ) async throws -> S3Object {
        var request = S3Request(.getObject, .get, location)
        if let range {
            guard !range.isEmpty else { return try await emptyPart(of: location, range) }
            request.headers.append(("range", range.header))
        }
        if let ifMatch { request.headers.append(("if-match", ifMatch)) }
        request.sink = .memory(limit: limit)
        switch range {
        case .bytes(let range): request.expectedSize = range.count
        case .suffix(let count): request.expectedSize = count
        default: break
        }
        do {
            return try await perform(request) { response, context in
                try Self.object(response, range, context)
            }
        } catch let error as S3Error where error.isRangeNotSatisfiable {
            guard case .suffix = range else { throw error }
            let attributes = try await headObject(location)
            guard attributes.size == 0 else { throw error }
            return S3Object(attributes: attributes, offset: 0, bytes: [])
        }
    }

    /// Reads an object or a part of it in pieces, in order, each byte once: after a connection that broke it goes on where it
    /// was, if the object is still the same (else ``S3Error/Code/objectChanged``).
    ///
    /// - Parameter deliver: called on the thread that carries all transfers, so it must be quick; what it throws is thrown.
    package func getObject(
        _ location: S3Location, range: S3Range? = nil, ifMatch: String? = nil,
        deliver: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws -> S3ObjectAttributes {
        if let range, range.isEmpty { return try await headObject(location) }
        var request = S3Request(.getObject, .get, location)
        if let ifMatch { request.headers.append(("if-match", ifMatch)) }
        // Large buffers.
        request.expectedSize = 64 << 20
        let progress = ResumableDownload(location, range, deliver)
        let headers = request.headers
        request.sink = .pieces(begin: { try progress.begin($0) }, bytes: { try progress.receive($0) })
        return try await perform(
            request,
            adjust: { request in
                request.headers = headers + (progress.nextRange.map { [("range", $0)] } ?? [])
            },
            progress: { progress.delivered }, read: { response, context in try progress.finish(response, context) })
    }

    /// Looks an object up without reading it.
    package func headObject(_ location: S3Location) async throws -> S3ObjectAttributes {
        do {
            return try await perform(S3Request(.headObject, .head, location)) { response, context in
                try Self.attributes(response, context)
            }
        } catch let error as S3Error where error.status.map({ 400..<500 ~= $0 && $0 != 429 }) ?? false {
            // An answer to HEAD does not say why, not even whether it is the bucket that is missing: GET's does.
            var request = S3Request(.headObject, .get, location)
            request.headers.append(("range", "bytes=0-0"))
            do {
                return try await perform(request) { response, context in try Self.attributes(response, context) }
            } catch let error as S3Error where error.isRangeNotSatisfiable {
                return try await perform(S3Request(.headObject, .head, location)) { response, context in
                    try Self.attributes(response, context)
                }
            }
        }
    }

    private func emptyPart(of location: S3Location, _ range: S3Range) async throws -> S3Object {
        let attributes = try await headObject(location)
        return S3Object(attributes: attributes, offset: range.resolved(in: attributes.size).lowerBound, bytes: [])
    }

    static func attributes(_ response: HTTPResponse, _ context: S3ErrorContext) throws -> S3ObjectAttributes {
        guard let attributes = S3ObjectAttributes(response) else {
            throw S3Error(.invalidResponse, status: response.status, message: "the answer has no size", context)
        }
        return attributes
    }

    private static func object(
        _ response: HTTPResponse, _ range: S3Range?, _ context: S3ErrorContext
    ) throws -> S3Object {
        let attributes = try attributes(response, context)
        func invalid(_ message: String) -> S3Error {
            S3Error(.invalidResponse, status: response.status, message: message, context)
        }
        guard let range else {
            guard response.status == 200, UInt64(response.body.count) == attributes.size else {
                throw invalid("\(response.body.count) bytes came of \(attributes.size)")
            }
            return S3Object(attributes: attributes, offset: 0, bytes: response.body)
        }
        let expected = range.resolved(in: attributes.size)
        if response.status == 206 {
            let told = response.header("content-range").flatMap { ContentRange($0)?.range }
            guard told == expected, response.body.count == expected.count else {
                throw invalid("\(response.body.count) bytes of another range came than the \(expected.count) asked for")
            }
            return S3Object(attributes: attributes, offset: expected.lowerBound, bytes: response.body)
        }
        // A server may answer with the whole.
        guard response.status == 200, UInt64(response.body.count) == attributes.size else {
            throw invalid("\(response.body.count) bytes came of \(attributes.size)")
        }
        let part = response.body[Int(expected.lowerBound)..<Int(expected.upperBound)]
        return S3Object(attributes: attributes, offset: expected.lowerBound, bytes: Array(part))
    }
}
