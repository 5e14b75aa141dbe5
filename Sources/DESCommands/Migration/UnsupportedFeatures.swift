import DESConfiguration

/// What a configuration may say, but this build cannot do: better said at the start than ignored.
enum UnsupportedFeatures {
    static func problems(in configuration: MigrationConfiguration) -> [String] {
        var problems: [String] = []
        if case .s3 = configuration.storage {
            problems.append("storage.type: this build writes to local directories only")
        }
        if configuration.packer.s3Source.isEnabled {
            problems.append("packer.s3_source.enabled: this build reads local sources only")
        }
        return problems
    }
}
