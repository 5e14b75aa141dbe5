import Glibc

/// An answer, of whatever status.
package struct HTTPResponse: Sendable {
    package var status: Int
    /// The header lines as they came, each with its line end; looked through when asked.
    package var rawHeaders: [UInt8]
    package var body: [UInt8]

    package init(status: Int, rawHeaders: [UInt8] = [], body: [UInt8] = []) {
        self.status = status
        self.rawHeaders = rawHeaders
        self.body = body
    }

    package init(status: Int, headers: [(String, String)], body: [UInt8] = []) {
        let lines = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
        self.init(status: status, rawHeaders: Array(lines.utf8), body: body)
    }

    package var isSuccess: Bool { 200..<300 ~= status }

    /// The value of the first header of that name, whose case does not matter.
    package func header(_ name: String) -> String? {
        var wanted = name
        return wanted.withUTF8 { name in
            rawHeaders.withUnsafeBufferPointer { Self.value(of: name, in: $0) }
        }
    }

    /// A header whose value is a number that is not negative.
    package func number(_ name: String) -> UInt64? { header(name).flatMap { UInt64($0) } }

    private static func value(of name: UnsafeBufferPointer<UInt8>, in lines: UnsafeBufferPointer<UInt8>) -> String? {
        guard let base = lines.baseAddress else { return nil }
        var start = 0
        while start < lines.count {
            let found = memchr(base + start, 10, lines.count - start)
            let end = found.map { UnsafeRawPointer($0) - UnsafeRawPointer(base) } ?? lines.count
            if end - start > name.count, lines[start + name.count] == UInt8(ascii: ":"),
                isEqual(base + start, name)
            {
                var (from, to) = (start + name.count + 1, end)
                while from < to && isSpace(lines[from]) { from += 1 }
                while to > from && isSpace(lines[to - 1]) { to -= 1 }
                return String(decoding: UnsafeBufferPointer(rebasing: lines[from..<to]), as: UTF8.self)
            }
            start = end + 1
        }
        return nil
    }

    private static func isEqual(_ bytes: UnsafePointer<UInt8>, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
        for index in 0..<name.count where lowercased(bytes[index]) != lowercased(name[index]) { return false }
        return true
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || byte == 9 || byte == 13 }

    private static func lowercased(_ byte: UInt8) -> UInt8 { 65...90 ~= byte ? byte | 0x20 : byte }
}
