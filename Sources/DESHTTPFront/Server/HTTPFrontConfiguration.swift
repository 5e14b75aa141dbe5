/// Where a port listens, and what it allows its clients.
package struct HTTPFrontConfiguration: Sendable {
    /// The files of a certificate and its key, in PEM.
    package struct TLS: Sendable, Equatable {
        /// The chain, the server's own certificate first.
        package var certificatePath: String
        /// Its private key, not encrypted.
        package var keyPath: String

        /// Names the files.
        package init(certificatePath: String, keyPath: String) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
        }
    }

    /// Address or name to listen on; `0.0.0.0` or `::` for all.
    package var host: String
    /// 1 to 65535, or 0 for one that the system chooses.
    package var port: Int
    /// nil: no TLS.
    package var tls: TLS?
    /// What clients may do.
    package var limits: HTTPLimits
    /// Whether requests are answered on the threads that read them, which saves two changes of threads each.
    package var answersOnEventLoops: Bool

    /// Describes a port.
    package init(
        host: String, port: Int, tls: TLS? = nil, limits: HTTPLimits = HTTPLimits(), answersOnEventLoops: Bool = true
    ) {
        self.host = host
        self.port = port
        self.tls = tls
        self.limits = limits
        self.answersOnEventLoops = answersOnEventLoops
    }
}
