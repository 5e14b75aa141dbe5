/// A profile of the shared files: keys, or a role that is assumed by a web identity token or by another profile's keys.
package struct ProfileCredentials: S3CredentialProvider {
    private let surroundings: S3Surroundings
    private let profile: String
    private let isChosen: Bool
    private let tokenService: SecurityTokenService

    /// - Parameter profile: nil: that of `AWS_PROFILE`, or `default`.
    package init(profile: String? = nil, _ surroundings: S3Surroundings, http: any HTTPExchange) {
        self.surroundings = surroundings
        let chosen = profile ?? surroundings.environment["AWS_PROFILE"]
        isChosen = chosen != nil
        self.profile = chosen ?? "default"
        tokenService = SecurityTokenService(surroundings, http: http)
    }

    package var name: String { "profile \(profile)" }

    package func credentials() async throws -> S3Credentials? {
        let profiles = try await read()
        guard let settings = profiles[profile] else {
            // Somebody who names a profile does not want the credentials of another place.
            guard !isChosen else { throw S3CredentialsError("\(name) is in none of the shared files") }
            return nil
        }
        return try await credentials(settings, profiles, chain: [profile])
    }

    /// The region that the profile names.
    package func region() async throws -> String? { try await read()[profile]?["region"] }

    /// Both files; what the credentials file says counts before the config file.
    private func read() async throws -> [String: [String: String]] {
        let environment = surroundings.environment
        let home = environment["HOME"].map { "\($0)/.aws" }
        var merged: [String: [String: String]] = [:]
        for (variable, file, isConfig) in [
            ("AWS_CONFIG_FILE", "config", true), ("AWS_SHARED_CREDENTIALS_FILE", "credentials", false),
        ] {
            guard let path = environment[variable] ?? home.map({ "\($0)/\(file)" }),
                let text = try await surroundings.text(ofFile: path)
            else { continue }
            for (name, settings) in ProfileFile(text, isConfig: isConfig).profiles {
                merged[name, default: [:]].merge(settings) { $1 }
            }
        }
        return merged
    }

    private func credentials(
        _ settings: [String: String], _ profiles: [String: [String: String]], chain: [String]
    ) async throws -> S3Credentials? {
        if let role = settings["role_arn"] {
            return try await assume(role, settings, profiles, chain: chain)
        }
        if let accessKeyID = settings["aws_access_key_id"] {
            guard let secret = settings["aws_secret_access_key"] else {
                throw S3CredentialsError(
                    "profile \(chain.last ?? "") has aws_access_key_id, but no aws_secret_access_key")
            }
            return S3Credentials(
                accessKeyID: accessKeyID, secretAccessKey: secret, sessionToken: settings["aws_session_token"],
                source: name)
        }
        for unsupported in ["credential_process", "sso_start_url", "sso_session"] where settings[unsupported] != nil {
            throw S3CredentialsError("profile \(chain.last ?? "") needs \(unsupported), which is not supported")
        }
        return nil
    }

    private func assume(
        _ role: String, _ settings: [String: String], _ profiles: [String: [String: String]], chain: [String]
    ) async throws -> S3Credentials? {
        let session = settings["role_session_name"] ?? "des"
        let region = settings["region"]
        if let file = settings["web_identity_token_file"] {
            return try await tokenService.assumeRole(
                role, session: session, region: region, webIdentityTokenFile: file, source: name)
        }
        guard let source = settings["source_profile"] else {
            throw S3CredentialsError(
                "profile \(chain.last ?? "") has role_arn, but neither web_identity_token_file nor source_profile")
        }
        // A profile may be its own source: then its own keys are meant.
        var sourceSettings = profiles[source] ?? [:]
        if source == chain.last {
            sourceSettings["role_arn"] = nil
        } else if chain.contains(source) {
            throw S3CredentialsError("the source_profile of profile \(source) leads back to itself")
        }
        guard let keys = try await credentials(sourceSettings, profiles, chain: chain + [source]) else {
            throw S3CredentialsError("profile \(source), which \(chain.last ?? "") takes its keys from, has none")
        }
        return try await tokenService.assumeRole(
            role, session: session, region: region, externalID: settings["external_id"], keys: keys, source: name)
    }
}
