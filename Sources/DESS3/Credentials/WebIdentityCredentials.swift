/// `AWS_WEB_IDENTITY_TOKEN_FILE` and `AWS_ROLE_ARN`, as Kubernetes sets them for a service account.
package struct WebIdentityCredentials: S3CredentialProvider {
    private let surroundings: S3Surroundings
    private let tokenService: SecurityTokenService

    package init(_ surroundings: S3Surroundings, http: any HTTPExchange) {
        self.surroundings = surroundings
        tokenService = SecurityTokenService(surroundings, http: http)
    }

    package var name: String { "the web identity token" }

    package func credentials() async throws -> S3Credentials? {
        let environment = surroundings.environment
        guard let file = environment["AWS_WEB_IDENTITY_TOKEN_FILE"] else { return nil }
        guard let role = environment["AWS_ROLE_ARN"] else {
            throw S3CredentialsError("AWS_WEB_IDENTITY_TOKEN_FILE is set, but AWS_ROLE_ARN is not")
        }
        return try await tokenService.assumeRole(
            role, session: environment["AWS_ROLE_SESSION_NAME"] ?? "des", region: nil, webIdentityTokenFile: file,
            source: name)
    }
}
