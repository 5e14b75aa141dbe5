import DESBase

/// What is wrong with the URL of a Redis server: a mistake of the configuration. Shows no user and no password.
package struct RedisURLError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    init(_ problem: String) {
        description = "the URL of Redis \(problem); expected redis://[user[:password]@]host[:port][/database]"
    }
}

/// The parts of `redis://[user[:password]@]host[:port][/database]` (RFC 3986, section 3; the scheme as it is registered
/// with IANA).
struct RedisURL: Sendable, Equatable {
    var user: String?
    var password: String?
    let host: String
    let port: Int
    let database: Int

    private static let defaultPort = 6379

    init(_ text: String) throws(RedisURLError) {
        guard let separator = text.firstRange(of: "://") else { throw RedisURLError("has no scheme redis://") }
        switch text[..<separator.lowerBound].lowercased() {
        case "redis": break
        case "rediss":
            throw RedisURLError(
                "asks for TLS (rediss://), which the hiredis library of this build cannot do: use redis:// in a network "
                    + "that is trusted, or a tunnel")
        default: throw RedisURLError("does not begin with redis://")
        }
        let rest = text[separator.upperBound...]
        guard !rest.contains(where: { $0 == "?" || $0 == "#" }) else {
            throw RedisURLError(
                "has a part behind ? or #, which is not understood (in a password ? is %3F and # is %23)")
        }
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        var place = rest[..<end]
        if let at = place.lastIndex(of: "@") {
            (user, password) = try Self.credentials(place[..<at])
            place = place[place.index(after: at)...]
        }
        (host, port) = try Self.hostAndPort(place)
        database = try Self.database(rest[end...].dropFirst())
    }

    private static func credentials(_ text: Substring) throws(RedisURLError) -> (String?, String?) {
        let colon = text.firstIndex(of: ":")
        guard let user = PercentCoding.text(text[..<(colon ?? text.endIndex)]),
            let password = PercentCoding.text(colon.map { text[text.index(after: $0)...] } ?? "")
        else { throw RedisURLError("has a % in user or password that two hexadecimal digits do not follow") }
        return (user.isEmpty ? nil : user, password.isEmpty && user.isEmpty ? nil : password)
    }

    private static func hostAndPort(_ text: Substring) throws(RedisURLError) -> (String, Int) {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let bracket = text.firstIndex(of: "]") else { throw RedisURLError("has a [ without ]") }
            host = text[text.index(after: text.startIndex)..<bracket]
            let behind = text[text.index(after: bracket)...]
            guard behind.isEmpty || behind.first == ":" else {
                throw RedisURLError("has something else than a port behind ]")
            }
            port = behind.isEmpty ? nil : behind.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        guard let name = PercentCoding.text(host), !name.isEmpty, !name.utf8.contains(0) else {
            throw RedisURLError("names no host")
        }
        guard let port, !port.isEmpty else { return (name, defaultPort) }
        // It is not shown: a password that is not encoded may have ended up in it.
        guard port.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(port), (1...65_535).contains(number)
        else { throw RedisURLError("has a port that is not a number of 1…65535") }
        return (name, number)
    }

    private static func database(_ text: Substring) throws(RedisURLError) -> Int {
        if text.isEmpty { return 0 }
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 }), let number = Int(text) else {
            throw RedisURLError("has a database that is not a number")
        }
        return number
    }
}
