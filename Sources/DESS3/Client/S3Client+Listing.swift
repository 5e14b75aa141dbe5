package import DESBase

/// Some of a bucket's objects, in the order of their keys' UTF-8 bytes.
package struct S3ListPage: Sendable, Hashable {
    package struct Object: Sendable, Hashable {
        package var key: String
        package var size: UInt64
        package var etag: String
        package var lastModified: Timestamp?
        package var storageClass: String?
    }

    package var objects: [Object]
    /// With a delimiter: the beginnings of keys, up to it, that stand for all keys behind.
    package var commonPrefixes: [String]
    /// Give it to go on; nil at the end.
    package var continuation: String?
}

extension S3ListPage {
    /// How the page shows that the service did not do what it was asked; nil if it does not.
    fileprivate func fault(prefix: String, after: String?, continuation asked: String?) -> String? {
        if let after, objects.contains(where: { !after.isByteOrdered(before: $0.key) }) {
            return "the service repeats its listing: it does not know start-after"
        }
        if let asked, let continuation, asked.isByteEqual(to: continuation) {
            return "the service repeats its listing: it gives the same continuation-token again"
        }
        if let stranger = objects.first(where: { !$0.key.hasBytePrefix(prefix) }) {
            return "the service lists \(stranger.key.debugDescription), which has not the prefix that was asked for"
        }
        // Who goes on behind the last key would never see what is before it.
        guard continuation != nil else { return nil }
        for (object, next) in zip(objects, objects.dropFirst()) where !object.key.isByteOrdered(before: next.key) {
            return "the service does not list in the order of keys, so that nobody can go on behind a page"
        }
        return nil
    }
}

extension S3Client {
    /// Lists objects whose keys begin with `prefix`.
    ///
    /// - Parameters:
    ///   - startAfter: only keys behind it.
    ///   - continuation: of the page before.
    ///   - limit: 1 … 1,000; a page may have fewer and yet not be the last.
    /// - Throws: ``S3Error``; with ``S3Error/Code/invalidListing`` if the service did not do what it was asked, so that whoever goes
    ///   on would get the same objects for ever, or leave some out.
    package func listObjects(
        bucket: String, prefix: String = "", startAfter: String? = nil, continuation: String? = nil,
        delimiter: String? = nil, limit: Int = 1000
    ) async throws -> S3ListPage {
        var request = S3Request(.listObjects, .get, bucket: bucket)
        // Keys may have characters that XML has not.
        request.query = [
            ("list-type", "2"), ("encoding-type", "url"), ("max-keys", String(min(max(1, limit), 1000))),
        ]
        if !prefix.isEmpty { request.query.append(("prefix", prefix)) }
        if let startAfter { request.query.append(("start-after", startAfter)) }
        if let continuation { request.query.append(("continuation-token", continuation)) }
        if let delimiter { request.query.append(("delimiter", delimiter)) }
        return try await perform(request) { response, context in
            let document = try Self.document(response, root: "ListBucketResult", context)
            let isEncoded = document.text("EncodingType") == "url"
            func decoded(_ text: String) -> String {
                guard isEncoded else { return text }
                return String(decoding: PercentCoding.lenientBytes(text, plusIsBlank: true), as: UTF8.self)
            }
            let objects = try document.all("Contents").map { element in
                guard let key = element.text("Key"), let size = element.text("Size").flatMap({ UInt64($0) }) else {
                    throw S3Error(
                        .invalidResponse, status: response.status, message: "an entry has no key or no size", context)
                }
                return S3ListPage.Object(
                    key: decoded(key), size: size, etag: (element.text("ETag") ?? "").unquoted,
                    lastModified: element.text("LastModified").flatMap { Timestamp(s3Text: $0) },
                    storageClass: element.text("StorageClass"))
            }
            let prefixes = document.all("CommonPrefixes").compactMap { $0.text("Prefix").map(decoded) }
            let isTruncated = document.text("IsTruncated") == "true"
            let next = document.text("NextContinuationToken")
            guard !isTruncated || next != nil else {
                throw S3Error(
                    .invalidResponse, status: response.status, message: "there is more, but not how to go on", context)
            }
            let page = S3ListPage(objects: objects, commonPrefixes: prefixes, continuation: isTruncated ? next : nil)
            if let fault = page.fault(prefix: prefix, after: startAfter, continuation: continuation) {
                throw S3Error(.invalidListing, status: response.status, message: fault, context)
            }
            return page
        }
    }

    /// The document of an answer.
    ///
    /// - Throws: ``S3Error``: invalid response if it is damaged, not S3 if it is something else altogether.
    static func document(_ response: HTTPResponse, root: String, _ context: S3ErrorContext) throws -> XMLTree {
        let document: XMLTree
        do {
            document = try XMLReader.read(response.body)
        } catch {
            let isS3 = response.header(S3HeaderName.requestID) != nil
            throw S3Error(
                isS3 ? .invalidResponse : .notS3, status: response.status, message: "the answer is not XML: \(error)",
                context)
        }
        guard document.name == root else {
            throw S3Error(
                .notS3, status: response.status, message: "the answer is a document <\(document.name)>, not <\(root)>",
                context)
        }
        return document
    }
}
