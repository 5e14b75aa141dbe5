/// Section `packer.s3_source`: reading sources whose location is `s3://bucket/key`.
package struct S3SourceConfiguration: Sendable, Equatable {
    /// `enabled`. Default false.
    package var isEnabled: Bool

    /// How the service is reached. Region by default: as the environment or the profile says, else `us-east-1`.
    package var connection: S3ConnectionConfiguration

    /// `max_retries`: tries after the first one, 0…100. Default 3.
    package var maxRetries: Int

    /// `retry_delay_seconds`: the pause before the first retry, 0…3600 seconds. Default 2.
    package var retryDelay: Duration

    /// Makes a configuration with the defaults of the file.
    package init(
        isEnabled: Bool = false, connection: S3ConnectionConfiguration = S3ConnectionConfiguration(),
        maxRetries: Int = 3,
        retryDelay: Duration = .seconds(2)
    ) {
        self.isEnabled = isEnabled
        self.connection = connection
        self.maxRetries = maxRetries
        self.retryDelay = retryDelay
    }
}

extension S3SourceConfiguration {
    /// Reads the section.
    init(_ section: ConfigurationSection) {
        self.init(
            isEnabled: section.boolean("enabled", default: false),
            connection: S3ConnectionConfiguration(section),
            maxRetries: section.integer("max_retries", in: 0...100, default: 3),
            retryDelay: section.seconds("retry_delay_seconds", in: 0...3600) ?? .seconds(2))
    }
}
