package import ArgumentParser
import DESBase
import DESConfiguration
import DESServer
import DESTelemetry
import Foundation
import Logging

/// `des-http`: the retriever service.
package struct HTTPCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: ProgramName.command("http"),
        abstract: "Serve the files in shards over HTTP.",
        discussion: """
            Settings are environment variables: DES_BACKEND (local, s3, multi_s3), DES_BASE_DIR, DES_N_BITS, \
            DES_S3_BUCKET, DES_S3_REGION, DES_S3_ENDPOINT_URL, DES_S3_PREFIX, DES_ZONES_CONFIG, DES_BIGFILES_PREFIX; \
            DES_HOST, DES_PORT, DES_TLS_CERT, DES_TLS_KEY, DES_API_KEYS_FILE, DES_METRICS_OPEN, DES_CORS_ORIGINS; \
            DES_CACHE_BYTES, DES_MEMORY_BYTES, DES_REDIS_URL, DES_LISTING_SECONDS, DES_NEGATIVE_SECONDS; DES_MAX_REQUESTS, \
            DES_MAX_CONNECTIONS, DES_IDLE_SECONDS, DES_DRAIN_SECONDS; DES_ACCESS_LOG, DES_LOG_LEVEL, DES_LOG_FORMAT. Credentials of S3 come \
            from the AWS_* variables and files.

            EXAMPLES
              DES_BASE_DIR=./des_output des-http
              DES_BACKEND=s3 DES_S3_BUCKET=archive DES_S3_PREFIX=des/ des-http --log-format json
              DES_BASE_DIR=./des_output des-http --check-config
              des-http --generate-key --key-id reports
              curl 'http://localhost:8000/files/doc-1?created_at=2026-01-31T12:00:00Z'

            SIGNALS
              SIGTERM, SIGINT stop after finishing what is being answered; a second one stops at once
              SIGHUP reads the API keys again, which also happens by itself when the file changes

            EXIT CODES
              1 fatal   64 usage   78 configuration   130/143 stopped by SIGINT/SIGTERM
            """,
        version: Release.version
    )

    @Flag(name: .long, help: "Only check the environment variables and the files that they name.")
    var checkConfig = false

    @Flag(name: .long, help: "Only make an API key: print it, and its entry for DES_API_KEYS_FILE.")
    var generateKey = false

    @Option(name: .long, help: "With --generate-key: what logs call the key.")
    var keyId: String?

    @OptionGroup var logging: LoggingOptions

    package init() {}

    package func validate() throws {
        guard !(checkConfig && generateKey) else {
            throw ValidationError("--check-config and --generate-key cannot be used together")
        }
        if let keyId {
            guard generateKey else { throw ValidationError("--key-id goes with --generate-key") }
            guard APIKeyConfiguration.isID(keyId) else {
                throw ValidationError("--key-id is to be \(APIKeyConfiguration.idExpectation)")
            }
        }
    }

    package func run() async throws {
        guard !generateKey else { return try printNewKey() }
        let settings = try loadSettings()
        let console = ConsoleSink()
        let logger = logging.logger(
            label: "des-http", level: settings.logLevel, format: settings.logFormat, sink: console)
        for warning in settings.warnings { logger.warning("\(warning)") }
        guard !checkConfig else {
            try Console.out("the configuration is valid")
            return
        }
        do {
            let format = logging.format.flatMap { LoggingFormat(rawValue: $0) } ?? settings.logFormat
            let accessLog = settings.hasAccessLog ? AccessLog(format: format, sink: console) : nil
            let service = HTTPService(settings: settings, accessLog: accessLog, logger: logger)
            let code = try await service.run()
            guard code == .success else { throw code }
        } catch let code as ExitCode {
            throw code
        } catch {
            logger.critical("\(error)")
            throw ExitStatus.fatal
        }
    }

    private func loadSettings() throws -> ServiceSettings {
        do {
            return try ServiceSettings(environment: ProcessInfo.processInfo.environment)
        } catch {
            Console.error("\(error)")
            throw ExitStatus.configuration
        }
    }

    private func printNewKey() throws {
        var generator = SystemRandomNumberGenerator()
        let key = NewAPIKey(id: keyId ?? "new", using: &generator)
        try Console.out(
            """
            The key, which is shown only now; the client sends it as "Authorization: Bearer KEY" or "X-API-Key: KEY":

            \(key.text)

            Its entry for DES_API_KEYS_FILE, below "keys:":

            \(key.entry)
            """)
    }
}
