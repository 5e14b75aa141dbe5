/// Section `packer.s3_source`: reading sources whose location is `s3://bucket/key`.
package struct S3SourceConfiguration: Sendable, Equatable {
    /// `enabled`. Default false.
    package var isEnabled: Bool

    /// `region_name`. Default `us-east-1`.
    package var regionName: String

    /// `endpoint_url`: another service than AWS; nil: AWS. May hold a password: not to be shown.
    package var endpointURL: String?

    /// `max_retries`: tries after the first one, 0…100. Default 3.
    package var maxRetries: Int

    /// `retry_delay_seconds`: the pause before the first retry, 0…3600 seconds. Default 2.
    package var retryDelay: Duration

    /// Makes a configuration with the defaults of the file.
    package init(
        isEnabled: Bool = false, regionName: String = "us-east-1", endpointURL: String? = nil, maxRetries: Int = 3,
        retryDelay: Duration = .seconds(2)
    ) {
        self.isEnabled = isEnabled
        self.regionName = regionName
        self.endpointURL = endpointURL
        self.maxRetries = maxRetries
        self.retryDelay = retryDelay
    }
}

extension S3SourceConfiguration {
    /// Reads the section.
    init(_ section: ConfigurationSection) {
        self.init(
            isEnabled: section.boolean("enabled", default: false),
            regionName: section.string("region_name", expected: "the name of a region", default: "us-east-1"),
            endpointURL: section.string("endpoint_url", expected: "a URL"),
            maxRetries: section.integer("max_retries", in: 0...100, default: 3),
            retryDelay: section.seconds("retry_delay_seconds", in: 0...3600) ?? .seconds(2))
    }
}
