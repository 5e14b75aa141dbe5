import DESBase
import DESODBC

extension SQLDialect {
    /// The column as it is read: a time with a zone of its own is turned to UTC in the database.
    func selected(_ column: ODBCColumn) -> String {
        let name = quoted(column.name)
        guard case .timestamp(_, hasOffset: true) = column.type else { return name }
        return switch product {
        case .sqlServer: "CAST(SWITCHOFFSET(\(name), '+00:00') AS datetime2(7))"
        case .oracle: "SYS_EXTRACT_UTC(\(name))"
        case .mysql, .postgresql, .sqlite, .other: name
        }
    }

    /// The question mark for a value that is compared with the column, so that the column's index is used.
    func parameter(for column: ODBCColumn) -> String {
        switch column.type {
        case .timestamp(let digits, let hasOffset): timeParameter(column, digits: digits, hasOffset: hasOffset)
        case .date: timeParameter(column, digits: 0, hasOffset: false)
        case .decimal(let scale):
            switch product {
            // It would compare with a text as floating point numbers.
            case .mysql: "CAST(? AS DECIMAL(65, \(scale)))"
            case .postgresql: "CAST(? AS numeric)"
            case .sqlServer, .oracle, .sqlite, .other: "?"
            }
        case .uuid: product == .postgresql ? "CAST(? AS uuid)" : "?"
        case .boolean, .integer, .real, .text, .bytes: "?"
        }
    }

    private func timeParameter(_ column: ODBCColumn, digits: Int, hasOffset: Bool) -> String {
        switch product {
        case .oracle where hasOffset: "TO_TIMESTAMP_TZ(? || ' +00:00', 'YYYY-MM-DD HH24:MI:SS.FF TZH:TZM')"
        // A DATE that is compared with a TIMESTAMP would be converted itself, and its index not used.
        case .oracle where column.type == .date || digits == 0: "TO_DATE(?, 'YYYY-MM-DD HH24:MI:SS')"
        case .oracle: "TO_TIMESTAMP(?, 'YYYY-MM-DD HH24:MI:SS.FF')"
        case .sqlServer where hasOffset: "CAST(? AS datetimeoffset(7))"
        case .sqlServer:
            ["datetime", "smalldatetime", "date"].contains(column.typeName)
                ? "CAST(? AS \(column.typeName))" : "CAST(? AS datetime2(7))"
        case .postgresql: hasOffset ? "CAST(? AS timestamptz)" : "CAST(? AS timestamp)"
        case .mysql, .sqlite, .other: "?"
        }
    }

    /// The condition that a text column has exactly the parameter's text, whatever its collation takes for equal; it
    /// stands beside the comparison that uses the index. Nil if that one is exact.
    func exactText(_ column: ODBCColumn) -> String? {
        guard case .text = column.type else { return nil }
        let name = quoted(column.name)
        return switch product {
        case .mysql: "CAST(CONVERT(\(name) USING utf8mb4) AS BINARY) = CAST(CONVERT(? USING utf8mb4) AS BINARY)"
        case .sqlServer:
            """
            CAST(CAST(\(name) AS nvarchar(max)) AS varbinary(max)) = CAST(CAST(? AS nvarchar(max)) AS varbinary(max))
            """
        case .postgresql: "CAST(\(name) AS text) COLLATE \"C\" = ?"
        case .sqlite: "CAST(\(name) AS BLOB) = CAST(? AS BLOB)"
        case .oracle, .other: nil
        }
    }

    /// The text of a moment for a column, rounded up to the column's resolution; nil if that lies beyond its range.
    /// What is before a moment is then before the rounded one, and what is not, is not.
    func roundedUp(_ time: Timestamp, for column: ODBCColumn) -> String? {
        let unit: Int64 =
            switch column.type {
            // Oracle's DATE has seconds.
            case .date: product == .oracle ? 1_000_000 : CivilDate.microsecondsPerDay
            case .timestamp(let digits, _):
                column.typeName == "datetime" && product == .sqlServer
                    ? 1000 : digits >= 6 ? 1 : digits >= 3 ? 1000 : 1_000_000
            default: 1
            }
        let number = time.microsecondsSinceEpoch
        let remainder = number % unit
        let rounded = remainder == 0 ? number : number - remainder + (remainder > 0 ? unit : 0)
        guard rounded <= Timestamp.latest.microsecondsSinceEpoch else { return nil }
        let moment = Timestamp(microsecondsSinceEpoch: rounded)
        if product == .sqlServer, ["datetime", "smalldatetime"].contains(column.typeName) {
            let isSmall = column.typeName == "smalldatetime"
            let first = Timestamp(year: isSmall ? 1900 : 1753, month: 1, day: 1) ?? .earliest
            let last = isSmall ? Timestamp(year: 2079, month: 6, day: 6) ?? .latest : .latest
            guard moment >= first, moment <= last else { return nil }
        }
        return text(moment, for: column)
    }

    /// The text of a moment for a column, cut to the column's resolution.
    func text(_ time: Timestamp, for column: ODBCColumn) -> String {
        Self.text(time, digits: min(6, digits(of: column)), suffix: suffix(for: column))
    }

    /// The text of a value that was read from a column, with all its digits.
    func text(_ time: ODBCTime, for column: ODBCColumn) -> String {
        time.text(digits: digits(of: column)) + suffix(for: column)
    }

    private func digits(of column: ODBCColumn) -> Int {
        switch column.type {
        case .date: return 0
        case .timestamp(let digits, _):
            if product == .sqlServer {
                return column.typeName == "datetime" ? 3 : column.typeName == "smalldatetime" ? 0 : 7
            }
            if product == .oracle { return digits }
            return max(6, digits)
        default: return 6
        }
    }

    private func suffix(for column: ODBCColumn) -> String {
        guard case .timestamp(_, hasOffset: true) = column.type else { return "" }
        return product == .sqlServer || product == .postgresql ? " +00:00" : ""
    }

    /// `2024-01-02 03:04:05.123456`.
    private static func text(_ time: Timestamp, digits: Int, suffix: String) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(40)
        time.appendRFC3339(to: &bytes)
        bytes.removeLast()
        bytes[10] = UInt8(ascii: " ")
        if digits > 0 {
            if bytes.count == 19 { bytes.append(UInt8(ascii: ".")) }
            while bytes.count < 20 + digits { bytes.append(UInt8(ascii: "0")) }
        }
        bytes.removeLast(max(0, bytes.count - (digits == 0 ? 19 : 20 + digits)))
        bytes.append(contentsOf: suffix.utf8)
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ODBCColumn {
    /// Whether the database knows that the column holds moments.
    var isTime: Bool {
        switch type {
        case .date, .timestamp: true
        default: false
        }
    }

    /// Whether the column may hold more digits than ``CatalogValue/time(_:)`` keeps.
    func isFinerThanMicroseconds(_ dialect: SQLDialect) -> Bool {
        guard case .timestamp(let digits, _) = type else { return false }
        return digits > 6
    }

    /// As what values are sent that are compared with the column.
    var parameterKind: ODBCParameter.Kind {
        switch type {
        case .integer, .boolean: .integer
        case .real: .real
        case .bytes: .bytes
        case .text(let isWide): .text(isWide: isWide)
        case .decimal, .uuid, .date, .timestamp: .text(isWide: false)
        }
    }
}
