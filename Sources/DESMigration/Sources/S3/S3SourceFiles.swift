package import DESBase
package import DESS3
package import DESShard

/// Sources in S3; a location is `s3://bucket/key`, and the key is taken literally.
///
/// A source is missing only if S3 said that there is no such object; whatever else goes wrong leaves it unknown. Passing
/// failures are tried again by the client. No call blocks.
package struct S3SourceFiles: SourceFiles {
    private static let mostReadings = 3

    let client: S3Client
    /// Folders that sources must lie in; nil: anywhere.
    let roots: [S3Folder]?
    let kept: [S3KeptFolder]
    let meter: S3SourceMeter

    /// - Parameters:
    ///   - roots: folders that sources must lie in; nil: anywhere.
    ///   - kept: where the store keeps its objects, of which nothing is ever deleted.
    package init(
        client: S3Client, roots: [S3Folder]? = nil, keeping kept: [S3KeptFolder] = [],
        meter: S3SourceMeter = S3SourceMeter(nil)
    ) {
        self.client = client
        self.roots = roots
        self.kept = kept
        self.meter = meter
    }

    package func read(
        _ location: String, bigFileThreshold: UInt64, into buffer: ByteBuffer
    ) async throws(SourceError) -> SourceRead {
        let place = try place(of: location)
        let start = meter.now
        do throws(SourceError) {
            guard let object = try await checkedObject(at: place, limit: bigFileThreshold) else {
                let attributes = try await attributes(of: place)
                guard attributes.size > bigFileThreshold else { throw .changed(place) }
                return .bigFile(FileIdentity(attributes))
            }
            try checkETag(of: object.attributes, place)
            meter.downloaded(object.bytes.count)
            object.bytes.withUnsafeBytes { buffer.append($0) }
            meter.succeeded(since: start)
            return .contents(FileIdentity(object.attributes))
        } catch {
            meter.failed(error, since: start)
            throw error
        }
    }

    package func identity(of location: String) async throws(SourceError) -> FileIdentity? {
        let place = try place(of: location)
        do throws(SourceError) {
            return FileIdentity(try await attributes(of: place))
        } catch {
            guard error.reason == .missing else { throw error }
            return nil
        }
    }

    var transferCheck: TransferCheck { TransferCheck(isSecure: client.settings.endpoint.origin.isSecure) }

    /// Nil if the object is larger than the limit. Read again until two readings agree, if its entity tag cannot tell.
    private func checkedObject(at place: S3Location, limit: UInt64) async throws(SourceError) -> S3Object? {
        guard var object = try await object(at: place, limit: limit) else { return nil }
        var digest = PayloadDigests.of(object.bytes, .md5).md5
        for _ in 0..<Self.mostReadings {
            if transferCheck.judge(md5: digest, etag: object.attributes.etag) == .whole { return object }
            let before = (digest, object.attributes.etag)
            guard let again = try await self.object(at: place, limit: limit) else { return nil }
            object = again
            digest = PayloadDigests.of(object.bytes, .md5).md5
            if digest == before.0, object.attributes.etag == before.1 { return object }
        }
        throw .garbled(place)
    }

    /// Nil if the object is larger than the limit.
    private func object(at place: S3Location, limit: UInt64) async throws(SourceError) -> S3Object? {
        do {
            return try await client.getObject(place, limit: Int(clamping: limit))
        } catch let error as S3Error where error.code == .tooLarge {
            return nil
        } catch { throw SourceError(readingS3: error, place) }
    }

    /// What S3 tells of an object without reading it.
    func attributes(of place: S3Location) async throws(SourceError) -> S3ObjectAttributes {
        let attributes: S3ObjectAttributes
        do { attributes = try await client.headObject(place) } catch { throw SourceError(readingS3: error, place) }
        try checkETag(of: attributes, place)
        return attributes
    }

    private func checkETag(of attributes: S3ObjectAttributes, _ place: S3Location) throws(SourceError) {
        guard !attributes.etag.isEmpty else {
            throw SourceError(
                .unreadable,
                "cannot read \(place): the service gives it no ETag, so that a change of it would not be noticed")
        }
    }

    /// - Throws: `SourceError` if the location is not one of S3, or outside of the roots.
    func place(of location: String) throws(SourceError) -> S3Location {
        let place = try S3SourceLocation.parse(location)
        if let roots, !roots.contains(where: { $0.contains(place) }) {
            throw SourceError(.outsideRoots, "cannot read \(location): it is outside of source_roots")
        }
        return place
    }
}

extension SourceError {
    /// What a failure of the client means for a source.
    init(readingS3 error: any Error, _ place: S3Location) {
        guard let error = error as? S3Error else {
            self.init(
                .unreachable, "cannot read \(place): \(error is CancellationError ? "it was cancelled" : "\(error)")")
            return
        }
        if error.isNotFound {
            self.init(.missing, error.description)
        } else if error.isPreconditionFailed || error.code == .objectChanged {
            self = .changed(place)
        } else {
            self.init(error.concernsObject ? .unreadable : .unreachable, error.description)
        }
    }

    static func garbled(_ place: S3Location) -> SourceError {
        SourceError(
            .unreadable,
            "\(place) comes with other bytes each time it is read; it was left unmarked, look into the network")
    }

    static func changed(_ place: S3Location) -> SourceError {
        SourceError(.changed, "\(place) changed while it was being read")
    }
}
