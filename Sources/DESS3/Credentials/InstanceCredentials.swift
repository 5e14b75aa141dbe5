import DESBase

/// The role of an EC2 instance, from its metadata service (version 2, with a session token).
package struct InstanceCredentials: S3CredentialProvider {
    private let surroundings: S3Surroundings
    private let http: any HTTPExchange

    package init(_ surroundings: S3Surroundings, http: any HTTPExchange) {
        self.surroundings = surroundings
        self.http = http
    }

    package var name: String { "the instance's metadata service" }

    package func credentials() async throws -> S3Credentials? {
        let environment = surroundings.environment
        if environment["AWS_EC2_METADATA_DISABLED"]?.lowercased() == "true" { return nil }
        let given = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"]
        let isIPv6 = environment["AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE"]?.lowercased() == "ipv6"
        guard let origin = HTTPOrigin(given ?? (isIPv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254")) else {
            throw S3CredentialsError("AWS_EC2_METADATA_SERVICE_ENDPOINT is not a URL of a server")
        }
        guard let token = try await token(origin, isAsked: given != nil) else { return nil }
        let path = "/latest/meta-data/iam/security-credentials/"
        let headers = [("x-aws-ec2-metadata-token", token)]
        let roles = try await exchange(HTTPRequest(.get, origin.text + path, origin: origin.text, headers: headers))
        // An instance without a role.
        if roles.status == 404 { return nil }
        guard roles.isSuccess else {
            throw S3CredentialsError(
                "\(name) does not name the role (HTTP \(roles.status))", isTransient: roles.status >= 500)
        }
        let role = String(decoding: roles.body.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
        let url = origin.text + path + PercentCoding.encode(role)
        let request = HTTPRequest(
            .get, url, origin: origin.text, headers: headers, timeLimit: .seconds(5), allowsProxy: false)
        return try await CredentialDocument.fetch(request, http, source: name)
    }

    /// Nil where there is no such service: on any machine but an instance.
    private func token(_ origin: HTTPOrigin, isAsked: Bool) async throws -> String? {
        // Elsewhere nobody answers at all: waiting for long would only delay the message.
        let request = HTTPRequest(
            .put, "\(origin.text)/latest/api/token", origin: origin.text,
            headers: [("x-aws-ec2-metadata-token-ttl-seconds", "21600")], body: .bytes([]), timeLimit: .seconds(2),
            allowsProxy: false)
        do {
            let response = try await http.send(request)
            guard response.isSuccess else { return nil }
            return String(decoding: response.body, as: UTF8.self)
        } catch let error as HTTPError {
            guard isAsked else { return nil }
            throw S3CredentialsError("no answer from \(origin.text): \(error.message)", isTransient: true)
        }
    }

    private func exchange(_ request: HTTPRequest) async throws -> HTTPResponse {
        var request = request
        request.timeLimit = .seconds(5)
        request.allowsProxy = false
        do {
            return try await http.send(request)
        } catch let error as HTTPError {
            throw S3CredentialsError("no answer from \(name): \(error.message)", isTransient: true)
        }
    }
}
