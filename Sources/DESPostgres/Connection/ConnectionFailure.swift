import CPostgres

/// Why a connection could not be made. libpq hands out no SQLSTATE then: it stands in the text, if that is verbose.
struct ConnectionFailure {
    let error: PostgresError

    init(_ handle: OpaquePointer) {
        self.init(
            message: String(cString: PQerrorMessage(handle)), place: SessionOpening.place(handle),
            isPasswordMissing: PQconnectionNeedsPassword(handle) == 1)
    }

    /// - Parameter message: of libpq, with the verbosity `PQERRORS_VERBOSE`.
    init(message: String, place: String, isPasswordMissing: Bool) {
        let lines = message.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("LOCATION:") }
        var states: [String] = []
        let texts = lines.map { line in
            guard let (state, text) = Self.state(in: line) else { return String(line) }
            states.append(state)
            return text
        }
        let reason = texts.joined(separator: "\n").trimmedLines
        // Of several hosts each may have failed for a reason of its own; if one may pass, it is worth another try.
        let codes = states.map { PostgresError.Code(sqlState: $0) }
        let code: PostgresError.Code =
            if isPasswordMissing {
                .accessDenied
            } else if let transient = codes.first(where: { $0 == .unreachable || $0 == .outOfConnections }) {
                transient
            } else {
                codes.first ?? Self.code(of: reason)
            }
        var error = PostgresError(
            code: code, sqlState: states.first,
            message: reason.isEmpty ? "the connection cannot be made" : reason, place: place,
            advice: code == .accessDenied
                ? "check user and password in the URL, and pg_hba.conf of the server" : code.defaultAdvice)
        error.advice = error.specialAdvice ?? error.advice
        self.error = error
    }

    /// Takes `28P01` out of `FATAL:  28P01: password authentication failed`; the word before may be in any language.
    private static func state(in line: Substring) -> (state: String, text: String)? {
        let parts = line.components(separatedBy: ": ")
        for (index, part) in parts.enumerated() where index > 0 && index < parts.count - 1 {
            let word = part.drop { $0 == " " }
            guard word.utf8.count == 5, word.utf8.first.map({ $0 >= 0x30 && $0 <= 0x39 || $0 == 0x50 }) == true,
                word.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x41 && $0 <= 0x5A })
            else { continue }
            return (String(word), (parts[..<index] + parts[(index + 1)...]).joined(separator: ": "))
        }
        return nil
    }

    /// For what libpq itself found, in English, since the process sets no locale.
    private static func code(of message: String) -> PostgresError.Code {
        let permanent = [
            "local user with ID", "certificate", "SSL", "invalid ", "Name or service not known", "sslmode", "GSS",
            "definition of service",
        ]
        if message.contains("session is read-only") || message.contains("server is in hot standby mode") {
            return .readOnly
        }
        // "Temporary failure in name resolution", refused, reset, no route, timeout, and whatever else may pass.
        return permanent.contains { message.contains($0) } && !message.contains("server closed the connection")
            ? .cannotConnect : .unreachable
    }
}

extension Substring {
    /// The parts between occurrences of a separator.
    fileprivate func components(separatedBy separator: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = self
        while let range = rest.firstRange(of: separator) {
            parts.append(rest[..<range.lowerBound])
            rest = rest[range.upperBound...]
        }
        return parts + [rest]
    }
}
