@testable import DESConfiguration
import FoundationEssentials
import Testing

struct ExampleTests {
    private static let examples = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "examples")

    private func load(_ name: String) throws -> MigrationConfiguration {
        try MigrationConfiguration.load(path: Self.examples.appending(path: name).path, environment: [:])
    }

    @Test("the examples in YAML and JSON say the same, have all defaults and no warnings")
    func examples() throws {
        let yaml = try load("migration-config.yaml")
        #expect(yaml == (try load("migration-config.json")))
        #expect(
            yaml == MigrationConfiguration(database: DatabaseConfiguration(url: .sqlite(path: "./catalog.db"))))
    }

    @Test("what the example shows as a comment is valid too")
    func comments() throws {
        let text = try String(contentsOf: Self.examples.appending(path: "migration-config.yaml"), encoding: .utf8)
        let changed = text.replacing("  type: local", with: "")
            .replacing("\n  # ", with: "\n  ")
            .replacing("metrics: null\n# metrics:\n#   host", with: "metrics:\n    host")
            .replacing("#   port", with: "    port")
        let configuration = try parse(changed)
        #expect(
            configuration.storage
                == .s3(
                    S3StorageConfiguration(
                        bucket: "my-shards", prefix: "des/",
                        connection: S3ConnectionConfiguration(
                            regionName: "eu-central-1", endpointURL: "https://objects.example.com",
                            profile: "archive"))))
        #expect(configuration.metrics == MetricsConfiguration())
    }
}
