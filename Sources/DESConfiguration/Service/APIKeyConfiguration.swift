package import DESBase

/// One of the keys in the file that `DES_API_KEYS_FILE` names. The file holds hashes, so who reads it has no key; a hash is not
/// shown in messages all the same.
package struct APIKeyConfiguration: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    /// `id`: what logs call it; letters, digits and `. _ -`.
    package var id: String
    /// `hash`: SHA-256 of the key, 32 bytes.
    package var digest: [UInt8]
    /// `read`: whether files may be read. Default true.
    package var canRead: Bool
    /// `prefixes`: what a uid must begin with, one of them; nil: no limits.
    package var prefixes: [String]?
    /// `rate_limit`: requests a second in the long run; nil: no limit.
    package var requestsPerSecond: Double?
    /// `burst`: requests at once after a pause, at least 1. Default: those of one second.
    package var burst: Double
    /// `expires`: from then on the key is not known any more; nil: never.
    package var expiresAt: Timestamp?

    /// Makes a key.
    package init(
        id: String, digest: [UInt8], canRead: Bool = true, prefixes: [String]? = nil, requestsPerSecond: Double? = nil,
        burst: Double? = nil, expiresAt: Timestamp? = nil
    ) {
        self.id = id
        self.digest = digest
        self.canRead = canRead
        self.prefixes = prefixes
        self.requestsPerSecond = requestsPerSecond
        self.burst = max(1, burst ?? requestsPerSecond ?? 1)
        self.expiresAt = expiresAt
    }

    package var description: String { "key \(id)" }
    package var customMirror: Mirror { Mirror(self, children: ["id": id]) }
}

extension APIKeyConfiguration {
    /// What new keys begin with, so that one that ended up in a wrong place is recognised.
    package static let keyPrefix = "des_"

    private static let mostKeys = 10_000

    /// Whether a key may be called that.
    package static func isID(_ text: String) -> Bool {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        // A key in the place of its name would stand in every line of the access log.
        return isPlain && (1...64).contains(text.utf8.count) && !(text.hasPrefix(keyPrefix) && text.utf8.count > 40)
    }

    /// What ``isID(_:)`` expects, for messages.
    package static let idExpectation = "a name of 1 to 64 letters, digits, dots, - and _"

    /// Reads the keys in `text`: `keys: [{id, hash, read, prefixes, rate_limit, burst, expires}]`.
    ///
    /// - Parameters:
    ///   - text: the whole file, YAML or JSON.
    ///   - fileName: the name that errors carry.
    ///   - environment: replaces `${VAR}` in the file.
    /// - Throws: `ConfigurationError` with everything that is wrong, without keys and hashes.
    package static func parse(
        text: String, fileName: String, environment: [String: String] = [:]
    ) throws(ConfigurationError) -> (keys: [APIKeyConfiguration], warnings: [String]) {
        let (keys, warnings) = try ConfigurationReader.read(text: text, fileName: fileName, environment: environment) {
            root in
            if !root.contains("keys") { root.report("keys", "missing; expected a list of keys") }
            let sections = root.sections("keys")
            if sections.count > mostKeys { root.report("keys", "expected at most \(mostKeys) keys") }
            var keys: [APIKeyConfiguration] = []
            var ids: Set<String> = []
            var owners: [[UInt8]: String] = [:]
            for section in sections.prefix(mostKeys) {
                guard let key = APIKeyConfiguration(section) else { continue }
                if !ids.insert(key.id).inserted { section.report("id", "there is another key of the name \(key.id)") }
                if let owner = owners.updateValue(key.id, forKey: key.digest) {
                    section.report("hash", "is that of the key \(owner) too; each key has to be another one")
                }
                keys.append(key)
            }
            return keys
        }
        return (keys, warnings)
    }

    /// Reads one key; nil if something needed is missing or wrong, which is reported.
    private init?(_ section: ConfigurationSection) {
        let id = section.requiredSecret("id", expected: Self.idExpectation)
        if let id, !Self.isID(id) { section.report("id", "expected \(Self.idExpectation) (not shown)") }
        let hash = section.requiredSecret("hash", expected: "sha256: and 64 hexadecimal digits")
        let digest = hash.flatMap(Self.digest)
        if hash != nil, digest == nil {
            section.report("hash", "expected sha256: and 64 hexadecimal digits, found something else (not shown)")
        }
        let canRead = section.boolean("read", default: true)
        let prefixes = section.strings("prefixes", of: "beginnings of uids")
        if let prefixes, prefixes.isEmpty, section.contains("prefixes") {
            section.report("prefixes", "expected at least one; leave prefixes out to allow every uid")
        }
        let rate = section.number("rate_limit", in: 0.001...1_000_000)
        let burst = section.number("burst", in: 1...1_000_000)
        if burst != nil, rate == nil, !section.contains("rate_limit") {
            section.report("burst", "has a meaning only with rate_limit")
        }
        let expected = "a moment such as 2027-01-31T00:00:00Z"
        let expires = section.value("expires", expected: expected) { Timestamp(parsing: $0) }
        guard let id, Self.isID(id), let digest else { return nil }
        self.init(
            id: id, digest: digest, canRead: canRead, prefixes: prefixes, requestsPerSecond: rate, burst: burst,
            expiresAt: expires)
    }

    /// The 32 bytes of `sha256:<64 hexadecimal digits>`; nil if it is not that.
    private static func digest(_ text: String) -> [UInt8]? {
        guard text.lowercased().hasPrefix("sha256:") else { return nil }
        guard let digest = [UInt8](hexadecimal: text.dropFirst(7)), digest.count == 32 else { return nil }
        return digest
    }
}
