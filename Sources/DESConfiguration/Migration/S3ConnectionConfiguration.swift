package import DESS3

/// How an S3 service is reached; the same keys in `storage`, in the zones, and in `packer.s3_source`.
package struct S3ConnectionConfiguration: Sendable, Equatable {
    /// Keys that are named in the file, usually by `${VAR}`. Not to be shown.
    package struct Keys: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
        /// `access_key_id`
        package var accessKeyID: String
        /// `secret_access_key`
        package var secretAccessKey: String
        /// `session_token`
        package var sessionToken: String?

        package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
            self.accessKeyID = accessKeyID
            self.secretAccessKey = secretAccessKey
            self.sessionToken = sessionToken
        }

        package var description: String { "(not shown)" }
        package var customMirror: Mirror { Mirror(self, children: []) }
    }

    /// `region_name`; nil: as the environment or the profile says, else `us-east-1`.
    package var regionName: String?
    /// `endpoint_url`: another service than AWS; nil: as the environment says, else AWS. May hold a password: not to be shown.
    package var endpointURL: String?
    /// `addressing_style`. Default `auto`: virtual host for AWS, path elsewhere.
    package var addressingStyle: S3Endpoint.Style
    /// `profile` of the shared credentials files; nil: the standard places.
    package var profile: String?
    /// `access_key_id`, `secret_access_key`, `session_token`; nil: the standard places.
    package var keys: Keys?
    /// `ca_file`: a PEM file of the authorities to trust; nil: as the environment says, else the system's.
    package var authorityFile: String?
    /// `checksum`. Default `md5`.
    package var checksum: S3Settings.Checksum

    /// Makes a configuration with the defaults of the file.
    package init(
        regionName: String? = nil, endpointURL: String? = nil, addressingStyle: S3Endpoint.Style = .automatic,
        profile: String? = nil, keys: Keys? = nil, authorityFile: String? = nil, checksum: S3Settings.Checksum = .md5
    ) {
        self.regionName = regionName
        self.endpointURL = endpointURL
        self.addressingStyle = addressingStyle
        self.profile = profile
        self.keys = keys
        self.authorityFile = authorityFile
        self.checksum = checksum
    }
}

extension S3ConnectionConfiguration {
    /// The keys that this part reads.
    static let keyNames = [
        "region_name", "endpoint_url", "addressing_style", "profile", "access_key_id", "secret_access_key",
        "session_token", "ca_file", "checksum",
    ]

    /// Reads its keys of the section.
    ///
    /// - Parameter outer: what counts where the section says nothing; credentials are taken over as a whole.
    init(_ section: ConfigurationSection, outer: S3ConnectionConfiguration? = nil) {
        let accessKeyID = section.string("access_key_id", expected: "an access key")
        let secretAccessKey = section.string("secret_access_key", expected: "a secret key")
        let sessionToken = section.string("session_token", expected: "a session token")
        let profile = section.string("profile", expected: "the name of a profile")
        var keys: Keys?
        if let accessKeyID, let secretAccessKey {
            keys = Keys(accessKeyID: accessKeyID, secretAccessKey: secretAccessKey, sessionToken: sessionToken)
        } else if section.contains("access_key_id") != section.contains("secret_access_key") {
            let missing = accessKeyID == nil ? "access_key_id" : "secret_access_key"
            section.report(missing, "missing; access_key_id and secret_access_key go together")
        }
        if profile != nil, keys != nil { section.report("profile", "not together with access_key_id") }
        let hasOwn = profile != nil || keys != nil
        self.init(
            regionName: section.string("region_name", expected: "the name of a region") ?? outer?.regionName,
            endpointURL: Self.endpoint(section) ?? outer?.endpointURL,
            addressingStyle: section.choice(
                "addressing_style", of: ["auto": .automatic, "path": .path, "virtual": .virtualHost],
                default: outer?.addressingStyle ?? .automatic),
            profile: hasOwn ? profile : outer?.profile, keys: hasOwn ? keys : outer?.keys,
            authorityFile: section.path("ca_file") ?? outer?.authorityFile,
            checksum: section.choice(
                "checksum", of: ["md5": .md5, "crc32": .crc32, "none": .none], default: outer?.checksum ?? .md5))
    }

    /// What no host has in its name, and templates and shells have in theirs.
    private static func isForbidden(_ scalar: Unicode.Scalar) -> Bool {
        "/?#@ \"'`<>{}$\\^|".unicodeScalars.contains(scalar) || scalar.properties.isWhitespace
            || scalar.properties.generalCategory == .control
    }

    private static func endpoint(_ section: ConfigurationSection) -> String? {
        section.value("endpoint_url", expected: "a URL such as https://s3.example.com:9000, without a path") { text in
            let scheme = ["https://", "http://"].first { text.lowercased().hasPrefix($0) }
            guard let scheme else { return nil }
            var authority = text.dropFirst(scheme.count)
            if authority.hasSuffix("/") { authority.removeLast() }
            let isPlain = !authority.isEmpty && !authority.unicodeScalars.contains(where: isForbidden)
            let port = authority.split(separator: ":").last.flatMap { Int($0) } ?? 0
            return isPlain && (authority.hasPrefix("[") || port <= 65_535) ? text : nil
        }
    }
}
