package import DESBase

/// What requests are signed with. Prints itself without the secret parts.
package struct S3Credentials: Sendable, Equatable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    package let accessKeyID: String
    package let secretAccessKey: String
    /// Of credentials that end.
    package let sessionToken: String?
    /// When they end; nil: not known, or never.
    package let expiration: Timestamp?
    /// Where they come from, for messages.
    package let source: String

    package init(
        accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expiration: Timestamp? = nil,
        source: String
    ) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expiration = expiration
        self.source = source
    }

    package var description: String { "credentials from \(source)" }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: ["source": source]) }
}

/// No credentials where some were configured, or none anywhere. Holds no secret.
package struct S3CredentialsError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
    /// Whether trying again can help: the service that gives them did not answer.
    package let isTransient: Bool

    package init(_ description: String, isTransient: Bool = false) {
        self.description = description
        self.isTransient = isTransient
    }
}

/// A place that credentials may come from.
package protocol S3CredentialProvider: Sendable {
    /// What messages call it.
    var name: String { get }

    /// Nil if nothing is configured there.
    ///
    /// - Throws: ``S3CredentialsError`` if something is, but cannot be used.
    func credentials() async throws -> S3Credentials?
}

/// Credentials that are given.
package struct S3StaticCredentials: S3CredentialProvider {
    private let given: S3Credentials

    package init(_ credentials: S3Credentials) { given = credentials }

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        given = S3Credentials(
            accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken,
            source: "the configuration")
    }

    package var name: String { given.source }

    package func credentials() -> S3Credentials? { given }
}
