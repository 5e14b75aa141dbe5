package import NIOSSL

extension HTTPFrontConfiguration.TLS {
    /// What the server needs for TLS.
    ///
    /// - Throws: `NIOSSLError` when a file is not what it should be, or the key is not that of the certificate.
    package func load() throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(certificatePath)
        let key = try NIOSSLPrivateKey(file: keyPath, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        // Whether they are of each other is only looked at here.
        return try NIOSSLContext(configuration: configuration)
    }
}
