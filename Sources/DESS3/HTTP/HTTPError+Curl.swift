import CCurl

extension HTTPError {
    /// What libcurl reported.
    ///
    /// - Parameter wasSent: whether the whole request had left when it failed.
    init(curlCode code: CURLcode, message: String, wasSent: Bool) {
        let kind = Self.kind(of: code, message: message)
        let isOutcomeUnknown = wasSent && kind != .cannotConnect && kind != .unknownHost && kind != .unusable
        self.init(kind, message, isOutcomeUnknown: isOutcomeUnknown)
    }

    private static func kind(of code: CURLcode, message: String) -> Kind {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .unknownHost
        case CURLE_COULDNT_CONNECT, CURLE_PROXY: .cannotConnect
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ISSUER_ERROR: .untrustedCertificate
        // A server that does not speak TLS stays so; a handshake that was cut off does not.
        case CURLE_SSL_CONNECT_ERROR: message.contains("wrong version number") ? .tlsFailed : .connectionLost
        case CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER: .tlsFailed
        // The limit for connecting is reported as the one for the whole.
        case CURLE_OPERATION_TIMEDOUT:
            message.hasPrefix("Failed to connect") || message.contains("onnection timed out")
                || message.hasPrefix("Resolving timed out") || message.hasPrefix("SSL connection timeout")
                ? .cannotConnect : .stalled
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING:
            .invalidResponse
        case CURLE_URL_MALFORMAT, CURLE_UNKNOWN_OPTION, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_NOT_BUILT_IN: .unusable
        default: .connectionLost
        }
    }
}
