import CODBC

/// A handle of the driver manager, freed with this object.
///
/// Not Sendable: it stays on the thread of its connection.
final class ODBCHandle {
    let type: SQLSMALLINT
    let raw: SQLHANDLE

    /// Allocates a handle; nil if the driver manager has none.
    init?(type: Int32, parent: SQLHANDLE?) {
        var handle: SQLHANDLE?
        let code = SQLAllocHandle(SQLSMALLINT(type), parent, &handle)
        guard Self.isSuccess(code), let handle else { return nil }
        self.type = SQLSMALLINT(type)
        raw = handle
    }

    deinit { SQLFreeHandle(type, raw) }

    static func isSuccess(_ code: SQLRETURN) -> Bool {
        code == SQLRETURN(SQL_SUCCESS) || code == SQLRETURN(SQL_SUCCESS_WITH_INFO)
    }

    /// The records that the last call left, the most telling first.
    ///
    /// - Parameter secrets: texts that are replaced by `***`.
    func error(product: ODBCProduct, hiding secrets: [String]) -> ODBCError {
        var errors: [ODBCError] = []
        while errors.count < 8, let record = diagnostic(number: errors.count + 1) {
            var message = record.message
            for secret in secrets where !secret.isEmpty { message = message.replacing(secret, with: "***") }
            let speaker = product == .other ? ODBCProduct(naming: message) : product
            errors.append(
                ODBCError(
                    kind: .init(
                        sqlState: record.state, nativeCode: record.code, message: message, product: speaker),
                    sqlState: record.state, nativeCode: record.code, message: Self.readable(message)))
        }
        guard var result = errors.first(where: { $0.kind != .other }) ?? errors.first else {
            return ODBCError(kind: .other, sqlState: "HY000", message: "the driver gives no reason")
        }
        // Warnings come first with some drivers; the others explain the one that counts.
        for error in errors where error != result && !result.message.contains(error.message) {
            guard !error.sqlState.hasPrefix("01") else { continue }
            result.message += "; " + error.message
        }
        return result
    }

    private func diagnostic(number: Int) -> (state: String, code: Int, message: String)? {
        var state = [SQLWCHAR](repeating: 0, count: 6)
        var message = [SQLWCHAR](repeating: 0, count: 2048)
        var native: SQLINTEGER = 0
        var length: SQLSMALLINT = 0
        let code = SQLGetDiagRecW(
            type, raw, SQLSMALLINT(number), &state, &native, &message, SQLSMALLINT(message.count), &length)
        guard Self.isSuccess(code) else { return nil }
        let count = min(Int(max(0, length)), message.count - 1)
        return (
            String(decoding: state.prefix(5), as: UTF16.self), Int(native),
            String(decoding: message.prefix(count), as: UTF16.self)
        )
    }

    /// The message without the driver's own name tags in front, on one line.
    private static func readable(_ message: String) -> String {
        var rest = Substring(message)
        while rest.first == "[", let end = rest.firstIndex(of: "]") { rest = rest[rest.index(after: end)...] }
        let text = rest.split { $0.isNewline || $0 == "\0" }.joined(separator: " ")
        return text.isEmpty ? message : text
    }
}
