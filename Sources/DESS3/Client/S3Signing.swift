import DESBase
import Synchronization

/// Makes signed HTTP requests of requests to S3, and keeps the derived keys, which hold for a day.
final class S3Signing: Sendable {
    private struct KeyName: Hashable {
        let accessKeyID: String
        let secretAccessKey: String
        let day: String
        let region: String
    }

    private let signers = Mutex<[KeyName: SignatureV4]>([:])

    /// - Parameters:
    ///   - credentials: nil for a request without a signature.
    ///   - payloadHash: as it is signed.
    func sign(
        _ request: S3Request, at endpoint: S3Endpoint, _ credentials: S3Credentials?, time: Timestamp,
        payloadHash: String
    ) -> HTTPRequest {
        let (origin, path) = endpoint.address(bucket: request.bucket, key: request.key)
        let query = S3Query.text(request.query)
        var headers = request.headers
        if let credentials {
            let text = time.basicText
            headers.reserveCapacity(headers.count + 5)
            headers.append(("x-amz-content-sha256", payloadHash))
            headers.append((S3HeaderName.date, text))
            if let token = credentials.sessionToken { headers.append((S3HeaderName.securityToken, token)) }
            let signed = SignatureV4.Request(
                method: request.method.rawValue, path: path, query: query,
                headers: headers + [("host", origin.authority)], payloadHash: payloadHash)
            let signer = signer(credentials, day: String(text.prefix(8)), region: endpoint.region)
            headers.append(("authorization", signer.authorization(for: signed, at: text)))
        }
        var signed = HTTPRequest(
            request.method, origin.text + path + (query.isEmpty ? "" : "?\(query)"), origin: origin.text,
            headers: headers, body: request.body?.content)
        signed.sink = request.sink
        signed.expectedSize = request.expectedSize
        signed.stallTime = request.stallTime
        signed.isSentOnce = request.changesSomething
        return signed
    }

    private func signer(_ credentials: S3Credentials, day: String, region: String) -> SignatureV4 {
        let name = KeyName(
            accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey, day: day, region: region
        )
        return signers.withLock { signers in
            if let known = signers[name] { return known }
            // Of earlier days and credentials.
            if signers.count >= 16 { signers.removeAll() }
            let signer = SignatureV4(
                accessKeyID: credentials.accessKeyID, secretAccessKey: credentials.secretAccessKey, day: day,
                region: region, service: "s3")
            signers[name] = signer
            return signer
        }
    }
}
