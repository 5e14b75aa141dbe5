/// Section `metrics`: the listener for `/metrics` and the health probes.
package struct MetricsConfiguration: Sendable, Equatable {
    /// `host`: the address to listen on. Default 127.0.0.1.
    package var host: String

    /// `port`: 0…65535; 0 takes a free one. Default 9102, beside the marker's 9101; 9100 is taken by Prometheus' node exporter.
    package var port: Int

    /// Makes a configuration with the defaults of the file.
    package init(host: String = "127.0.0.1", port: Int = 9102) {
        self.host = host
        self.port = port
    }
}

extension MetricsConfiguration {
    /// Reads the section; nil when the file does not have it.
    static func unlessAbsent(_ section: ConfigurationSection) -> MetricsConfiguration? {
        // Read in any case, so that its keys are known where they stand in a wrong section.
        let configuration = MetricsConfiguration(section)
        return section.isPresent ? configuration : nil
    }

    /// Reads the section.
    init(_ section: ConfigurationSection) {
        self.init(
            host: section.string("host", expected: "an address or host name", default: "127.0.0.1"),
            port: section.integer("port", in: 0...65_535, default: 9102))
    }
}
