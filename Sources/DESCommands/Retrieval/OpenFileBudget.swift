/// Shares out the files that a process may have open between connections and shards.
struct OpenFileBudget: Equatable {
    /// Connections that are accepted at most.
    let connections: Int
    /// Shards of a local directory that are kept open at most.
    let shards: Int

    /// For the log, the listening socket, libraries, files that are opened for a moment.
    private static let others = 128
    private static let wantedShards = 8192

    /// - Parameters:
    ///   - limit: of open files of this process.
    ///   - connections: that are wanted.
    ///   - keepsShardsOpen: whether shards take files at all.
    init(limit: Int, connections wanted: Int, keepsShardsOpen: Bool) {
        let available = max(32, limit - Self.others)
        // An eighth more connections are accepted, to be told that there are too many.
        let mostConnections = (keepsShardsOpen ? available / 2 : available) * 8 / 9
        connections = max(1, min(wanted, mostConnections))
        shards = keepsShardsOpen ? max(8, min(Self.wantedShards, available - connections * 9 / 8)) : Self.wantedShards
    }
}
