/// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`.
package struct EnvironmentCredentials: S3CredentialProvider {
    private let environment: [String: String]

    package init(_ surroundings: S3Surroundings) { environment = surroundings.environment }

    package var name: String { "the environment" }

    package func credentials() throws -> S3Credentials? {
        guard let accessKeyID = environment["AWS_ACCESS_KEY_ID"] else { return nil }
        guard let secret = environment["AWS_SECRET_ACCESS_KEY"] else {
            throw S3CredentialsError("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not")
        }
        return S3Credentials(
            accessKeyID: accessKeyID, secretAccessKey: secret, sessionToken: environment["AWS_SESSION_TOKEN"],
            source: name)
    }
}
