/// Where a Redis server is, and how long it may take. Holds a password.
package struct RedisSettings: Sendable {
    /// A name or an address; of IPv6 without brackets.
    let host: String
    let port: Int
    let user: String?
    let password: String?
    /// The number of the database.
    let database: Int
    /// How long connecting may take.
    package var connectTimeout: Duration
    /// How long a command may take, from its first byte to the last one of its answer.
    package var commandTimeout: Duration
    /// How long a value is kept.
    package var lifetime: Duration
    /// Larger values are not kept, in bytes.
    package var largestValue: Int
    /// At least 1.
    package var connections: Int
    /// How many reads wait for a connection at most; further ones go on without the cache.
    package var waitingReads: Int
    /// How many values wait to be kept at most; further ones are not kept.
    package var waitingValues: Int

    /// - Parameter url: `redis://[user[:password]@]host[:port][/database]`; what is not a plain character is percent-encoded.
    /// - Throws: ``RedisURLError``, which shows no part of the URL that may be secret.
    package init(
        url: String, connectTimeout: Duration = .milliseconds(250), commandTimeout: Duration = .milliseconds(250),
        lifetime: Duration = .seconds(7 * 86_400), largestValue: Int = 8 << 20, connections: Int = 2,
        waitingReads: Int = 32, waitingValues: Int = 8
    ) throws(RedisURLError) {
        let parts = try RedisURL(url)
        host = parts.host
        port = parts.port
        user = parts.user
        password = parts.password
        database = parts.database
        self.connectTimeout = connectTimeout
        self.commandTimeout = commandTimeout
        self.lifetime = lifetime
        self.largestValue = largestValue
        self.connections = max(1, connections)
        self.waitingReads = max(0, waitingReads)
        self.waitingValues = max(0, waitingValues)
    }

    /// Host, port and database, for messages: neither user nor password.
    package var place: String {
        "redis://\(host.contains(":") ? "[\(host)]" : host):\(port)" + (database == 0 ? "" : "/\(database)")
    }
}

extension RedisSettings: CustomStringConvertible, CustomReflectable {
    package var description: String { place }

    /// Hides the password from `dump`.
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
