import DESHTTPFront

/// Shares out the files that a process may have open between clients, shards and the connections to a store.
struct OpenFileBudget: Equatable {
    /// With fewer a service would now and then have none left, and call a store that is in order out of order.
    static let smallestLimit = 256

    /// For ``HTTPLimits/maximumConnections``.
    let connections: Int
    /// Shards of a local directory that are kept open at most.
    let shards: Int
    /// Requests to a remote store that are in flight at most.
    let transfers: Int

    /// For the log, listening sockets, event loops, libraries, files that are opened for a moment.
    private static let others = 64
    private static let wantedShards = 8192
    private static let wantedTransfers = 256

    /// - Parameters:
    ///   - limit: of open files of this process.
    ///   - connections: that are wanted.
    ///   - isLocal: whether shards are files, which are kept open, and not in a remote store.
    /// - Returns: nil if there are too few for any service.
    init?(limit: Int, connections wanted: Int, isLocal: Bool) {
        guard limit >= Self.smallestLimit else { return nil }
        transfers = isLocal ? 0 : min(Self.wantedTransfers, limit / 8)
        // A transport keeps as many connections open again as it has requests in flight, and 64 on each of its two threads.
        let available = limit - Self.others - (isLocal ? 0 : max(128, 2 * transfers))
        // A client takes a socket, and one big file beside the shards may be open for it.
        let sockets = isLocal ? available / 3 : available
        connections = max(1, min(wanted, Self.connections(within: sockets)))
        shards = isLocal ? min(Self.wantedShards, available - 2 * sockets) : Self.wantedShards
    }

    /// The largest limit of connections whose sockets, the spare ones too, are not more than that.
    private static func connections(within sockets: Int) -> Int {
        var limits = HTTPLimits()
        var (low, high) = (0, sockets)
        while low < high {
            limits.maximumConnections = (low + high + 1) / 2
            if limits.acceptedConnections <= sockets {
                low = limits.maximumConnections
            } else {
                high = limits.maximumConnections - 1
            }
        }
        return low
    }
}
