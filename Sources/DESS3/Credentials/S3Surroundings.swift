package import DESBase
import Glibc

/// The world as the search for credentials sees it.
package struct S3Surroundings: Sendable {
    /// Environment variables.
    package var environment: [String: String]
    /// The content of a file; nil if there is none. Called off the cooperative pool, so it may block.
    package var readFile: @Sendable (_ path: String) throws -> [UInt8]?
    package var now: @Sendable () -> Timestamp
    private let threads: ThreadPool

    package init(
        environment: [String: String], now: @escaping @Sendable () -> Timestamp = Timestamp.now,
        threads: ThreadPool,
        readFile: @escaping @Sendable (_ path: String) throws -> [UInt8]? = Self.content(ofFile:)
    ) {
        // A variable that is set to nothing counts as not set.
        self.environment = environment.filter { !$0.value.isEmpty }
        self.now = now
        self.threads = threads
        self.readFile = readFile
    }

    /// The region that the environment names.
    package var region: String? { environment["AWS_REGION"] ?? environment["AWS_DEFAULT_REGION"] }

    /// The service that the environment names; nil for Amazon's.
    package var endpointURL: String? { environment["AWS_ENDPOINT_URL_S3"] ?? environment["AWS_ENDPOINT_URL"] }

    /// The file of certificate authorities that the environment names.
    package var authorityFile: String? { environment["AWS_CA_BUNDLE"] }

    /// The content of a file as text.
    func text(ofFile path: String) async throws -> String? {
        let readFile = readFile
        do {
            return try await threads.run { try readFile(path) }.map { String(decoding: $0, as: UTF8.self) }
        } catch let error as SystemError {
            throw S3CredentialsError(error.description)
        }
    }

    /// Reads a file of at most 1 MiB.
    package static func content(ofFile path: String) throws -> [UInt8]? {
        guard try FileSystem.status(path) != nil else { return nil }
        let file = try OpenFile(path)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 1)
        defer { buffer.deallocate() }
        return Array(buffer[..<(try file.read(into: buffer, at: 0))])
    }
}
