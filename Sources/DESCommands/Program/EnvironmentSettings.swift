import DESConfiguration
import DESMigration
import Foundation

/// What the environment says to commands that read no configuration file, by the same rules and with the same defaults.
struct EnvironmentSettings: Sendable {
    /// `DES_BIG_FILE_THRESHOLD_BYTES`: larger files are stored beside the shards.
    let bigFileThreshold: UInt64
    /// `DES_BIGFILES_PREFIX`: their folder, relative to that of the shards.
    let bigFilesPrefix: String

    /// - Throws: exit code 78 after saying what is wrong with a variable.
    init(_ environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        do {
            // The smallest valid configuration; the variables win over it.
            let packer = try MigrationConfiguration.parse(
                text: "database: {url: 'sqlite:///unused'}", fileName: "environment", environment: environment
            ).packer
            bigFileThreshold = UInt64(packer.bigFileThresholdInBytes)
            bigFilesPrefix = packer.bigFilesPrefix
        } catch {
            Console.error("\(error)")
            throw ExitStatus.configuration
        }
    }
}
