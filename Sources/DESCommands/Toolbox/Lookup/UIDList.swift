import DESBase

/// A list of uids, one a line, as `--uids-from` reads it.
enum UIDList {
    /// The uids in their order; empty lines are none. Lines end with a line feed; if all of them end with a carriage return
    /// before it, as on Windows, that is no part of a uid.
    ///
    /// - Parameter file: a path; `-` is standard input.
    /// - Throws: `PlaceError` if it cannot be read, is no UTF-8, or holds nothing.
    static func read(_ file: String) throws -> [String] {
        let bytes: [UInt8]
        do throws(SystemError) { bytes = try WholeFile.bytes(file == "-" ? "/dev/stdin" : file) } catch {
            throw PlaceError(message: "cannot read the list of uids \(file): \(error.reason)")
        }
        return try parse(bytes, file: file)
    }

    static func parse(_ bytes: [UInt8], file: String) throws -> [String] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let written = lines.filter { !$0.isEmpty }
        if written.allSatisfy({ $0.last == UInt8(ascii: "\r") }) {
            lines = lines.map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
        }
        var uids: [String] = []
        for (number, line) in lines.enumerated() where !line.isEmpty {
            guard let uid = String(validating: line, as: UTF8.self) else {
                throw PlaceError(message: "the list of uids \(file) is not UTF-8 text in line \(number + 1)")
            }
            uids.append(uid)
        }
        guard !uids.isEmpty else { throw PlaceError(message: "the list of uids \(file) holds none") }
        return uids
    }
}
