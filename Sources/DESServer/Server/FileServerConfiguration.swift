/// How the service listens, and its limits.
package struct FileServerConfiguration: Sendable {
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
    package var host = "0.0.0.0"
    /// 1 to 65535, or 0 for one that the system chooses.
    package var port = 8000
    /// nil: no TLS.
    package var tls: TLS?

    /// Until the head of the first request is there.
    package var headerTimeout = Duration.seconds(10)
    /// Between two requests of a connection, and until the second one's head is there.
    package var idleTimeout = Duration.seconds(60)
    /// From a request's head to the end of its body.
    package var bodyTimeout = Duration.seconds(30)
    /// Without the client taking anything of what is written.
    package var stallTimeout = Duration.seconds(60)
    /// From the wish to stop until what is still being answered is cut.
    package var drainTimeout = Duration.seconds(30)

    /// Connections beyond it are told 503; at an eighth more, no more are accepted.
    package var maximumConnections = 4096
    /// Requests for files that are answered at once; further ones are told 503.
    package var maximumRequests = 1024
    /// Bytes of the body of one request.
    package var maximumBodySize = 16 << 20
    /// Bytes of the bodies of all requests together.
    package var maximumBodyMemory = 128 << 20

    /// Whether `/metrics` is shown to those without a key as well.
    package var metricsAreOpen = true
    /// Who of other origins may read answers in a browser; nil: nobody.
    package var cors: CORSPolicy?
    /// Whether requests are answered on the threads that read them, which saves two changes of threads each.
    package var answersOnEventLoops = true

    /// The defaults.
    package init() {}
}
