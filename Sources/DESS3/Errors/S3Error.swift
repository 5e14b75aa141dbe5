/// Why S3 did not do what it was asked, or nobody knows whether it did. Holds no secret.
package struct S3Error: Error, Sendable, Equatable, CustomStringConvertible {
    /// What S3 calls the failure, or one of our own names for what has no name there.
    package struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        package let rawValue: String

        package init(rawValue: String) { self.rawValue = rawValue }

        package var description: String { rawValue }
    }

    package var code: Code
    /// HTTP status; nil if there was no answer.
    package var status: Int?
    /// The reason in the words of the server or the transport.
    package var message: String
    package var operation: S3Operation
    package var bucket: String
    /// Empty for an operation on the bucket.
    package var key: String
    /// Scheme, host and port that were asked.
    package var endpoint: String
    /// What the server's operator can look the request up by.
    package var requestID: String?
    /// Whether the server may have carried it out all the same: look before it is done again.
    package var isOutcomeUnknown = false
    /// How long the server asks to wait.
    package var retryAfter: Duration?
    /// How often it was tried.
    package var attempts = 1
    /// The region that the server says the bucket is in.
    package var region: String?
    /// The object's size, if a range was outside of it.
    package var objectSize: UInt64?

    package init(
        _ code: Code, status: Int? = nil, message: String, operation: S3Operation, bucket: String = "",
        key: String = "", endpoint: String = ""
    ) {
        self.code = code
        self.status = status
        self.message = message
        self.operation = operation
        self.bucket = bucket
        self.key = key
        self.endpoint = endpoint
    }

    package var description: String {
        let place = key.isEmpty ? "s3://\(bucket)" : "s3://\(bucket)/\(key)"
        var text = "cannot \(operation.verb) \(place) at \(endpoint): \(code)"
        if let status { text += " (HTTP \(status))" }
        if !message.isEmpty { text += ": \(message)" }
        if let retryAfter { text += "; the service asks to wait \(retryAfter.components.seconds) s" }
        if attempts > 1 { text += "; tried \(attempts) times" }
        if isOutcomeUnknown { text += "; it may have been done all the same" }
        if let requestID { text += "; request \(requestID)" }
        if let advice { text += "; \(advice)" }
        return text
    }
}

/// What is asked of S3.
package struct S3Operation: Sendable, Hashable, CustomStringConvertible {
    /// S3's name for it.
    package let description: String
    /// As in "cannot …".
    package let verb: String

    package init(_ name: String, _ verb: String) {
        description = name
        self.verb = verb
    }

    package static let putObject = S3Operation("PutObject", "write")
    package static let getObject = S3Operation("GetObject", "read")
    package static let headObject = S3Operation("HeadObject", "look up")
    package static let listObjects = S3Operation("ListObjectsV2", "list")
    package static let deleteObject = S3Operation("DeleteObject", "delete")
    package static let deleteObjects = S3Operation("DeleteObjects", "delete from")
    package static let createMultipartUpload = S3Operation("CreateMultipartUpload", "begin the upload to")
    package static let uploadPart = S3Operation("UploadPart", "upload a part of")
    package static let completeMultipartUpload = S3Operation("CompleteMultipartUpload", "complete the upload to")
    package static let abortMultipartUpload = S3Operation("AbortMultipartUpload", "abort the upload to")
    package static let listMultipartUploads = S3Operation("ListMultipartUploads", "list the uploads to")
    package static let putObjectRetention = S3Operation("PutObjectRetention", "set the retention of")
}
