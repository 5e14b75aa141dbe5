import DESBase
import Foundation

/// The JSON that the endpoints of containers and instances answer with.
struct CredentialDocument: Decodable {
    private enum CodingKeys: String, CodingKey {
        case accessKeyID = "AccessKeyId"
        case secretAccessKey = "SecretAccessKey"
        case token = "Token"
        case expiration = "Expiration"
    }

    private let accessKeyID: String
    private let secretAccessKey: String
    private let token: String?
    private let expiration: String?

    /// Asks an endpoint.
    ///
    /// - Throws: ``S3CredentialsError``, which holds nothing of the answer.
    static func fetch(_ request: HTTPRequest, _ http: any HTTPExchange, source: String) async throws -> S3Credentials {
        let response: HTTPResponse
        do {
            response = try await http.send(request)
        } catch let error as HTTPError {
            throw S3CredentialsError("no answer from \(source): \(error.message)", isTransient: true)
        }
        guard response.isSuccess else {
            throw S3CredentialsError(
                "\(source) gives no credentials (HTTP \(response.status))",
                isTransient: response.status >= 500 || response.status == 429)
        }
        guard let document = try? JSONDecoder().decode(Self.self, from: Data(response.body)) else {
            throw S3CredentialsError("the answer of \(source) holds no credentials", isTransient: true)
        }
        return S3Credentials(
            accessKeyID: document.accessKeyID, secretAccessKey: document.secretAccessKey, sessionToken: document.token,
            expiration: document.expiration.flatMap { Timestamp(s3Text: $0) }, source: source)
    }
}
