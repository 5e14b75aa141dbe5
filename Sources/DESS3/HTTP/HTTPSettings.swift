/// How connections are made and when they are given up.
package struct HTTPSettings: Sendable, Hashable {
    package enum Proxy: Sendable, Hashable {
        /// As `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` of the environment say.
        case environment
        case none
        /// `http://user:password@host:port`, `socks5h://…`; never shown. `except` are the hosts reached without it,
        /// separated by commas.
        case url(String, except: String)
    }

    /// Most requests in flight to one host; further ones wait in the order they came, each at its thread.
    package var requestsPerHost: Int
    /// Threads that carry transfers; not more than requests may be in flight.
    package var threads: Int
    /// How long a connection may take, the search for the address included.
    package var connectTime: Duration
    /// A transfer that moves less than ``stallBytesPerSecond`` for so long is given up.
    package var stallTime: Duration
    package var stallBytesPerSecond: Int
    /// A PEM file of the authorities to trust instead of the system's.
    package var authorityFile: String?
    package var proxy: Proxy
    package var userAgent: String

    package init(
        requestsPerHost: Int = 64, threads: Int = 2, connectTime: Duration = .seconds(10),
        stallTime: Duration = .seconds(30),
        stallBytesPerSecond: Int = 1024, authorityFile: String? = nil, proxy: Proxy = .environment,
        userAgent: String = "des"
    ) {
        self.requestsPerHost = requestsPerHost
        self.threads = threads
        self.connectTime = connectTime
        self.stallTime = stallTime
        self.stallBytesPerSecond = stallBytesPerSecond
        self.authorityFile = authorityFile
        self.proxy = proxy
        self.userAgent = userAgent
    }
}

extension Duration {
    /// Whole milliseconds, at least 1: zero means "no limit" to libcurl.
    var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return max(1, Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
    }
}
