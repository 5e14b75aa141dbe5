/// Where a Redis server is, and how long it may take. Holds a password.
package struct RedisSettings: Sendable {
    /// A name or an address; of IPv6 without brackets.
    let url: RedisURL
    /// How long connecting may take.
    package var connectTimeout = Duration.milliseconds(250)
    /// How long a command may take, from its first byte to the last one of its answer.
    package var commandTimeout = Duration.milliseconds(250)
    /// How long a value is kept.
    let lifetime = Duration.seconds(7 * 86_400)
    /// Larger values are not kept, in bytes.
    package var largestValue = 8 << 20
    /// Each has a thread of its own.
    package var connections = 2
    /// How many reads wait for a connection at most; further ones go on without the cache.
    let waitingReads = 32
    /// How many values wait to be kept at most; further ones are not kept.
    let waitingValues = 8

    /// - Parameter url: `redis://[user[:password]@]host[:port][/database]`; what is not a plain character is percent-encoded.
    /// - Throws: ``RedisURLError``, which shows no part of the URL that may be secret.
    package init(url: String) throws(RedisURLError) { self.url = try RedisURL(url) }

    /// Host, port and database, for messages: neither user nor password.
    package var place: String {
        let host = url.host.contains(":") ? "[\(url.host)]" : url.host
        return "redis://\(host):\(url.port)" + (url.database == 0 ? "" : "/\(url.database)")
    }
}

extension RedisSettings: CustomStringConvertible, CustomReflectable {
    package var description: String { place }

    /// Hides the password from `dump`.
    package var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
}
