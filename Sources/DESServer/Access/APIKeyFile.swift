import DESBase
package import DESConfiguration
import Glibc

/// The file of the keys, as it is now. All calls block.
package struct APIKeyFile: Sendable {
    /// What was read.
    package struct Content: Sendable {
        /// The keys.
        package let keys: [APIKeyConfiguration]
        /// Legal, but probably not meant; no secrets.
        package let warnings: [String]
        /// Of the file that was read.
        let identity: FileIdentity
    }

    /// As the user gave it.
    package let path: String
    private let environment: [String: String]

    /// - Parameter environment: replaces `${VAR}` in the file.
    package init(path: String, environment: [String: String]) {
        self.path = path
        self.environment = environment
    }

    /// Reads the file.
    ///
    /// - Throws: `ConfigurationError` with everything that is wrong, also when the file cannot be read or is just being written.
    package func read() throws(ConfigurationError) -> Content {
        let before = try identity()
        let text = try readText()
        // Half of a file may well be valid, with half of the keys.
        guard try identity() == before else { throw failure("it changes while it is read") }
        let (keys, warnings) = try APIKeyConfiguration.parse(text: text, fileName: path, environment: environment)
        return Content(keys: keys, warnings: warnings + access() + expired(keys), identity: before)
    }

    /// What tells whether the file is still the one that was read.
    func identity() throws(ConfigurationError) -> FileIdentity {
        do throws(SystemError) {
            let status = try FileSystem.existingStatus(path)
            guard status.kind == .regular else { throw SystemError(code: EINVAL, operation: "read", subject: path) }
            return status.identity
        } catch { throw failure(error.reason) }
    }

    private func readText() throws(ConfigurationError) -> String {
        let largest = 16 << 20
        let bytes: [UInt8]
        do throws(SystemError) {
            let file = try OpenFile(path)
            let size = min(Int(clamping: try file.status().size), largest)
            var buffer = [UInt8](repeating: 0, count: size)
            var failure: SystemError?
            let count = buffer.withUnsafeMutableBytes { buffer in
                do throws(SystemError) { return try file.read(into: buffer, at: 0) } catch {
                    failure = error
                    return 0
                }
            }
            if let failure { throw failure }
            bytes = Array(buffer[..<count])
        } catch { throw failure(error.reason) }
        guard bytes.count < largest else { throw failure("it is larger than 16 MiB") }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw failure("it is not UTF-8 text") }
        return text
    }

    private func access() -> [String] {
        var raw = stat()
        guard stat(path, &raw) == 0, raw.st_mode & S_IROTH != 0 else { return [] }
        return ["\(path) can be read by everybody on this machine; chmod 640 or 600 it"]
    }

    private func expired(_ keys: [APIKeyConfiguration]) -> [String] {
        let now = Timestamp.now()
        let ids = keys.filter { $0.expiresAt.map { $0 <= now } ?? false }.map(\.id)
        return ids.isEmpty ? [] : ["\(path): keys that have expired and can be removed: \(ids.joined(separator: ", "))"]
    }

    private func failure(_ reason: String) -> ConfigurationError {
        ConfigurationError(fileName: path, problems: [ConfigurationProblem(message: "cannot read the file: \(reason)")])
    }
}
