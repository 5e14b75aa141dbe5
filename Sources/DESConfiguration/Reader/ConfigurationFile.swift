import DESBase
import Glibc

/// Reads the text of a configuration file; pipes such as `/dev/stdin` can be read too.
enum ConfigurationFile {
    /// The largest file that is taken for a configuration, in bytes.
    private static let largest = 64 << 20

    /// The text of the file at `path`, which must be UTF-8.
    static func text(at path: String) throws(ConfigurationError) -> String {
        func failure(_ message: String, line: Int? = nil) -> ConfigurationError {
            ConfigurationError(fileName: path, problems: [ConfigurationProblem(line: line, message: message)])
        }
        guard !path.isEmpty else { throw failure("cannot read the file: its name is empty") }
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try WholeFile.bytes(path, atMost: largest) } catch {
            throw failure("cannot read the file: \(reason(error))")
        }
        if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
            throw failure("the file is UTF-16 text; write it as UTF-8")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw failure("the file is not UTF-8 text", line: firstInvalidLine(bytes))
        }
        return text
    }

    private static func reason(_ error: SystemError) -> String {
        switch error.code {
        case ENOENT: "no such file"
        case EISDIR: "it is a directory"
        case EACCES: "permission denied"
        case EFBIG: "it has more than \(largest >> 20) MiB"
        case ENXIO, ENODEV: "it is not open (or a socket)"
        default: error.reason
        }
    }

    /// The line, from 1, in which the first byte stands that is no UTF-8.
    private static func firstInvalidLine(_ bytes: [UInt8]) -> Int? {
        // No byte of a longer character is a line end, so that lines can be looked at one by one.
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        return lines.firstIndex { String(validating: $0, as: UTF8.self) == nil }.map { $0 + 1 }
    }
}
