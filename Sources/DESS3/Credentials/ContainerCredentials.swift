/// The credentials endpoint of a container: `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI` (ECS) or `…_FULL_URI` (EKS).
package struct ContainerCredentials: S3CredentialProvider {
    private let surroundings: S3Surroundings
    private let http: any HTTPExchange

    package init(_ surroundings: S3Surroundings, http: any HTTPExchange) {
        self.surroundings = surroundings
        self.http = http
    }

    package var name: String { "the container's credentials endpoint" }

    package func credentials() async throws -> S3Credentials? {
        let environment = surroundings.environment
        let url: String
        if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
            url = "http://169.254.170.2\(path)"
        } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
            url = full
        } else {
            return nil
        }
        guard let origin = HTTPOrigin(prefixOf: url), origin.isSecure || Self.isLocal(origin.host) else {
            throw S3CredentialsError(
                "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or an address of this machine or of the container service"
            )
        }
        var headers: [(name: String, value: String)] = []
        if let token = try await authorization() { headers.append(("authorization", token)) }
        let request = HTTPRequest(
            .get, url, origin: origin.text, headers: headers, timeLimit: .seconds(10), allowsProxy: false)
        return try await CredentialDocument.fetch(request, http, source: name)
    }

    /// The token in the file counts before the variable: it is renewed.
    private func authorization() async throws -> String? {
        let environment = surroundings.environment
        guard let file = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] else {
            return environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"]
        }
        guard let token = try await surroundings.text(ofFile: file)?.trimmingSpace, !token.isEmpty,
            !token.contains(where: \.isNewline)
        else { throw S3CredentialsError("the token file \(file) is missing, empty or has more than one line") }
        return token
    }

    /// Where a token may go without encryption: loopback, and the addresses of ECS and EKS.
    static func isLocal(_ host: String) -> Bool {
        host == "localhost" || host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." }
            || ["[::1]", "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"].contains(host)
    }
}
