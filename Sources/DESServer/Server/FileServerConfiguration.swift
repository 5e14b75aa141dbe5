package import DESHTTPFront

/// How the service listens, and what it allows its clients.
package struct FileServerConfiguration: Sendable {
    /// Address or name to listen on; `0.0.0.0` or `::` for all.
    package var host = "0.0.0.0"
    /// 1 to 65535, or 0 for one that the system chooses.
    package var port = 8000
    /// nil: no TLS.
    package var tls: HTTPFrontConfiguration.TLS?

    /// What clients may do.
    package var limits = HTTPLimits()
    /// Requests for files that are answered at once; further ones are told 503.
    package var maximumRequests = 1024
    /// When a client that takes its answer slowly has to go.
    package var slowClients = SlowClientPolicy()

    /// Whether `/metrics` is shown to those without a key as well.
    package var metricsAreOpen = true
    /// Who of other origins may read answers in a browser; nil: nobody.
    package var cors: CORSPolicy?
    /// Whether requests are answered on the threads that read them, which saves two changes of threads each.
    package var answersOnEventLoops = true

    /// The defaults.
    package init() {}
}
