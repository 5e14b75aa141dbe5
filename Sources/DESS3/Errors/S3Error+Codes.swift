extension S3Error.Code {
    // Names that S3 gives ("Error Responses" of its API Reference).

    package static let noSuchKey = Self(rawValue: "NoSuchKey")
    package static let noSuchBucket = Self(rawValue: "NoSuchBucket")
    package static let noSuchUpload = Self(rawValue: "NoSuchUpload")
    package static let noSuchVersion = Self(rawValue: "NoSuchVersion")
    package static let accessDenied = Self(rawValue: "AccessDenied")
    package static let invalidAccessKeyID = Self(rawValue: "InvalidAccessKeyId")
    package static let signatureDoesNotMatch = Self(rawValue: "SignatureDoesNotMatch")
    package static let expiredToken = Self(rawValue: "ExpiredToken")
    package static let requestTimeTooSkewed = Self(rawValue: "RequestTimeTooSkewed")
    package static let authorizationHeaderMalformed = Self(rawValue: "AuthorizationHeaderMalformed")
    package static let permanentRedirect = Self(rawValue: "PermanentRedirect")
    package static let temporaryRedirect = Self(rawValue: "TemporaryRedirect")
    package static let preconditionFailed = Self(rawValue: "PreconditionFailed")
    package static let conditionalRequestConflict = Self(rawValue: "ConditionalRequestConflict")
    package static let invalidRange = Self(rawValue: "InvalidRange")
    package static let slowDown = Self(rawValue: "SlowDown")
    package static let internalError = Self(rawValue: "InternalError")
    package static let invalidObjectState = Self(rawValue: "InvalidObjectState")
    package static let badDigest = Self(rawValue: "BadDigest")

    // Names of our own.

    /// What answers is not S3.
    package static let notS3 = Self(rawValue: "NotS3")
    /// The answer is damaged or not whole.
    package static let invalidResponse = Self(rawValue: "InvalidResponse")
    /// A listing that does not go on where it was asked to.
    package static let invalidListing = Self(rawValue: "InvalidListing")
    /// The object was replaced while it was read.
    package static let objectChanged = Self(rawValue: "ObjectChanged")
    /// No credentials, or none that are valid.
    package static let noCredentials = Self(rawValue: "NoCredentials")
    package static let unknownHost = Self(rawValue: "UnknownHost")
    package static let cannotConnect = Self(rawValue: "CannotConnect")
    package static let untrustedCertificate = Self(rawValue: "UntrustedCertificate")
    package static let tlsFailed = Self(rawValue: "TLSFailed")
    package static let connectionLost = Self(rawValue: "ConnectionLost")
    package static let stalled = Self(rawValue: "Stalled")
    /// The answer is larger than the caller allowed.
    package static let tooLarge = Self(rawValue: "TooLarge")
    /// The local file could not be read.
    package static let unreadableBody = Self(rawValue: "UnreadableBody")
    /// What was asked cannot be put into a request.
    package static let invalidRequest = Self(rawValue: "InvalidRequest")
    /// The client was closed.
    package static let closed = Self(rawValue: "Closed")
    /// The answer says nothing of an object that was to be deleted.
    package static let noResult = Self(rawValue: "NoResult")
}

extension S3Error {
    /// There is no such object: an answer of S3, never a guess.
    package var isNotFound: Bool { code == .noSuchKey || code == .noSuchVersion }

    package var isMissingBucket: Bool { code == .noSuchBucket }

    /// The credentials do not allow it, or are wrong or over.
    package var isAccessDenied: Bool {
        code == .noCredentials
            || (status == 403 && code != .requestTimeTooSkewed && code != .notS3)
            || [.expiredToken, .invalidAccessKeyID, .signatureDoesNotMatch, "InvalidToken"].contains(code)
    }

    /// Whether it may say something of this object alone, and not of the service, the credentials, the bucket or the connection.
    /// Of a failure that nobody knows it is not assumed.
    package var concernsObject: Bool {
        switch code {
        // A right to use a key of the service is none of the object's own.
        case .accessDenied: !message.contains("kms:")
        case .noSuchKey, .noSuchVersion, .objectChanged, .tooLarge, .invalidRange, .invalidRequest,
            .invalidObjectState, "KeyTooLongError", "KeyTooLong", "InvalidURI", "InvalidArgument", "MethodNotAllowed":
            true
        default: false
        }
    }

    /// Something is there already, or is not what the caller expects.
    package var isPreconditionFailed: Bool { code == .preconditionFailed || (status == 412 && code != .notS3) }

    /// The range begins behind the object's end.
    package var isRangeNotSatisfiable: Bool { code == .invalidRange || (status == 416 && code != .notS3) }

    /// The server asks for fewer requests.
    package var isThrottled: Bool {
        status == 429
            || [
                .slowDown, "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequests",
                "BandwidthLimitExceeded", "EC2ThrottledException", "RequestThrottled",
            ].contains(code)
    }

    /// Whether the same request may well succeed a little later. If the outcome is unknown, look first.
    package var isTransient: Bool {
        if isThrottled { return true }
        switch code {
        case .connectionLost, .stalled, .cannotConnect, .unknownHost, .invalidResponse, .internalError,
            .conditionalRequestConflict, .badDigest, .noResult, "RequestTimeout",
            "ServiceUnavailable", "OperationAborted", "IncompleteBody", "XAmzContentSHA256Mismatch":
            return true
        default:
            return status.map { [408, 500, 502, 503, 504].contains($0) } ?? false
        }
    }

    /// What can be done about it.
    package var advice: String? {
        switch code {
        case .notS3: return "check the endpoint: what answers there does not speak S3"
        case .untrustedCertificate: return "set the CA file of the endpoint's authority, or check the endpoint's name"
        case .tlsFailed: return "check whether the endpoint is http or https, and the CA file"
        case .unknownHost: return "check the endpoint's name, and that of the proxy"
        case .invalidAccessKeyID: return "check the access key"
        case .signatureDoesNotMatch: return "check the secret key"
        case .expiredToken: return "the credentials are over; renew them"
        case .requestTimeTooSkewed: return "set this machine's clock"
        case .invalidListing: return "DES cannot list there: see whether the service has an update, or take another one"
        case .invalidObjectState: return "the object is archived: restore it first"
        case .noSuchBucket: return "check the bucket's name and the endpoint"
        case .permanentRedirect, .authorizationHeaderMalformed:
            return region.map { "the bucket is in region \($0)" } ?? "check the region"
        case .accessDenied: return "the credentials lack the permission \(operation.permission)"
        default: return nil
        }
    }
}

extension S3Error.Code: ExpressibleByStringLiteral {
    package init(stringLiteral value: String) { self.init(rawValue: value) }
}

extension S3Operation {
    /// The permission that a policy must grant for it.
    var permission: String {
        switch self {
        case .putObject, .createMultipartUpload, .uploadPart, .completeMultipartUpload: "s3:PutObject"
        case .getObject, .headObject: "s3:GetObject (and s3:ListBucket, to tell a missing object)"
        case .listObjects: "s3:ListBucket"
        case .deleteObject, .deleteObjects: "s3:DeleteObject"
        case .abortMultipartUpload: "s3:AbortMultipartUpload"
        case .listMultipartUploads: "s3:ListBucketMultipartUploads"
        case .putObjectRetention: "s3:PutObjectRetention"
        default: "for it"
        }
    }
}
