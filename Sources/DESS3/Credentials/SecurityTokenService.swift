import DESBase

/// Credentials of a role from the AWS Security Token Service.
struct SecurityTokenService: Sendable {
    private let surroundings: S3Surroundings
    private let http: any HTTPExchange

    init(_ surroundings: S3Surroundings, http: any HTTPExchange) {
        self.surroundings = surroundings
        self.http = http
    }

    /// AssumeRoleWithWebIdentity: the token in the file, which its owner renews, is all that is needed.
    func assumeRole(
        _ role: String, session: String, region: String?, webIdentityTokenFile file: String, source: String
    ) async throws -> S3Credentials {
        guard let token = try await surroundings.text(ofFile: file)?.trimmingSpace, !token.isEmpty else {
            throw S3CredentialsError("the web identity token file \(file) is missing or empty")
        }
        let parameters = [
            ("Action", "AssumeRoleWithWebIdentity"), ("Version", "2011-06-15"), ("RoleArn", role),
            ("RoleSessionName", session), ("WebIdentityToken", token),
        ]
        return try await ask(parameters, region: region, keys: nil, source: source)
    }

    /// AssumeRole, signed with the keys.
    func assumeRole(
        _ role: String, session: String, region: String?, externalID: String?, keys: S3Credentials, source: String
    ) async throws -> S3Credentials {
        var parameters = [
            ("Action", "AssumeRole"), ("Version", "2011-06-15"), ("RoleArn", role), ("RoleSessionName", session),
        ]
        if let externalID { parameters.append(("ExternalId", externalID)) }
        return try await ask(parameters, region: region, keys: keys, source: source)
    }

    private func ask(
        _ parameters: [(name: String, value: String)], region: String?, keys: S3Credentials?, source: String
    ) async throws -> S3Credentials {
        let environment = surroundings.environment
        let region = region ?? surroundings.region
        let given = environment["AWS_ENDPOINT_URL_STS"]
        guard let endpoint = HTTPOrigin(given ?? "https://sts.\(region.map { "\($0)." } ?? "")amazonaws.com") else {
            throw S3CredentialsError("AWS_ENDPOINT_URL_STS is not a URL of a server")
        }
        let body = Array(S3Query.text(parameters).utf8)
        var headers = [("content-type", "application/x-www-form-urlencoded; charset=utf-8")]
        if let keys {
            headers += signature(
                keys, endpoint, contentType: headers[0].1, body: body, region: region ?? S3Endpoint.standardRegion)
        }
        let request = HTTPRequest(
            .post, "\(endpoint.text)/", origin: endpoint.text, headers: headers, body: .bytes(body),
            timeLimit: .seconds(30))
        let response: HTTPResponse
        do {
            response = try await http.send(request)
        } catch let error as HTTPError {
            throw S3CredentialsError("no answer from \(endpoint.text): \(error.message)", isTransient: true)
        }
        return try read(response, endpoint, source)
    }

    private func signature(
        _ keys: S3Credentials, _ endpoint: HTTPOrigin, contentType: String, body: [UInt8], region: String
    ) -> [(String, String)] {
        let time = surroundings.now().basicText
        var headers = [(S3HeaderName.date, time)]
        if let token = keys.sessionToken { headers.append((S3HeaderName.securityToken, token)) }
        let signer = SignatureV4(
            accessKeyID: keys.accessKeyID, secretAccessKey: keys.secretAccessKey, day: String(time.prefix(8)),
            region: region, service: "sts")
        let authorization = signer.authorization(
            for: SignatureV4.Request(
                method: "POST", path: "/", query: "",
                headers: headers + [("host", endpoint.authority), ("content-type", contentType)],
                payloadHash: Digest.hash(.sha256, body).hexadecimal),
            at: time)
        return headers + [("authorization", authorization)]
    }

    private func read(_ response: HTTPResponse, _ endpoint: HTTPOrigin, _ source: String) throws -> S3Credentials {
        let document = try? XMLReader.read(response.body)
        guard response.isSuccess else {
            let error = document?["Error"]
            let reason = error.map { "\($0.text("Code") ?? ""): \($0.text("Message") ?? "")" } ?? "no reason given"
            throw S3CredentialsError(
                "\(endpoint.text) gives no credentials (HTTP \(response.status)): \(reason)",
                isTransient: response.status >= 500 || response.status == 429 || error?.text("Code") == "Throttling"
                    || error?.text("Code") == "IDPCommunicationError")
        }
        let found = document?.children.first { $0.name.hasSuffix("Result") }?["Credentials"]
        guard let found, let accessKeyID = found.text("AccessKeyId"), let secret = found.text("SecretAccessKey") else {
            throw S3CredentialsError("the answer of \(endpoint.text) holds no credentials")
        }
        return S3Credentials(
            accessKeyID: accessKeyID, secretAccessKey: secret, sessionToken: found.text("SessionToken"),
            expiration: found.text("Expiration").flatMap { Timestamp(s3Text: $0) }, source: source)
    }
}

extension String {
    /// Without white space around.
    var trimmingSpace: String {
        var text = drop(while: \.isWhitespace)
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
