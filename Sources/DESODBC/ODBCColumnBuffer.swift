import CODBC

/// The values of one bound column for a block of rows.
final class ODBCColumnBuffer {
    private enum Content {
        case integer
        case real
        case text(ODBCTextEncoding)
        case bytes
        case time
        /// Numbers that are read as text.
        case number
    }

    private let content: Content
    private let stride: Int
    private let data: UnsafeMutableRawPointer
    private let indicators: UnsafeMutablePointer<SQLLEN>

    /// How many bytes a value of the column takes in a block; nil if it is too long or too uncertain to be bound.
    static func bytesPerValue(_ column: ODBCColumn, _ session: ODBCSessionTraits) -> Int? {
        switch column.type {
        // For these types a driver takes the size of the type for the distance of two values.
        case .integer where session.passesIntegersAsText: return 80
        case .integer, .boolean, .real: return session.readsNumbersAsText ? nil : 8
        case .date, .timestamp:
            return session.readsTimesAsText ? nil : MemoryLayout<SQL_TIMESTAMP_STRUCT>.stride
        case .decimal, .uuid: return session.readsNumbersAsText ? nil : 80
        case .text:
            guard session.trustsSizes, (1...8000).contains(column.size) else { return nil }
            return (column.size + 1) * 4
        case .bytes:
            guard session.trustsSizes, (1...8000).contains(column.size) else { return nil }
            return column.size
        }
    }

    init(_ column: ODBCColumn, stride: Int, rows: Int, _ session: ODBCSessionTraits) {
        self.stride = stride
        content =
            switch column.type {
            case .integer where session.passesIntegersAsText: .number
            case .integer, .boolean: .integer
            case .real: .real
            case .decimal: .number
            case .uuid: .text(.utf8)
            case .date, .timestamp: .time
            case .text: .text(session.textEncoding)
            case .bytes: .bytes
            }
        data = .allocate(byteCount: stride * rows, alignment: 8)
        indicators = .allocate(capacity: rows)
        indicators.initialize(repeating: 0, count: rows)
    }

    deinit {
        data.deallocate()
        indicators.deallocate()
    }

    func bind(to statement: SQLHSTMT, number: Int) -> SQLRETURN {
        SQLBindCol(statement, SQLUSMALLINT(number), cType, data, SQLLEN(stride), indicators)
    }

    private var cType: SQLSMALLINT {
        switch content {
        case .integer: des_odbc_c_int64
        case .real: des_odbc_c_double
        case .text(.utf16): des_odbc_c_wchar
        case .text(.utf8), .number: des_odbc_c_char
        case .bytes: des_odbc_c_binary
        case .time: des_odbc_c_timestamp
        }
    }

    /// - Throws: if the value is longer than the driver said that values are.
    func value(at row: Int) throws(ODBCError) -> ODBCValue {
        let indicator = Int(indicators[row])
        if indicator == Int(SQL_NULL_DATA) { return .null }
        let start = data + row * stride
        switch content {
        case .integer: return .integer(start.load(as: Int64.self))
        case .real: return .real(start.load(as: Double.self))
        case .time: return .time(ODBCTime(start.load(as: SQL_TIMESTAMP_STRUCT.self)))
        case .number: return ODBCNumber.value(of: try text(start, indicator, .utf8))
        case .text(let encoding): return try text(start, indicator, encoding)
        case .bytes:
            try check(indicator, limit: stride)
            return .bytes(Array(UnsafeRawBufferPointer(start: start, count: indicator)))
        }
    }

    private func text(
        _ start: UnsafeMutableRawPointer, _ indicator: Int, _ encoding: ODBCTextEncoding
    ) throws(ODBCError) -> ODBCValue {
        try check(indicator, limit: stride - encoding.bytesPerUnit)
        let bytes = UnsafeRawBufferPointer(start: start, count: indicator)
        return encoding == .utf8 ? ODBCText.utf8(bytes) : ODBCText.utf16(bytes)
    }

    private func check(_ indicator: Int, limit: Int) throws(ODBCError) {
        guard indicator < 0 || indicator > limit else { return }
        throw ODBCError(
            kind: .other, sqlState: "01004", message: "a value is longer than the driver says its column is")
    }
}

/// Numbers that came as text.
enum ODBCNumber {
    /// An integer if it fits; else the text, which keeps all digits.
    static func value(of value: ODBCValue) -> ODBCValue {
        guard case .text(let text) = value, let number = Int64(text) else { return value }
        return .integer(number)
    }
}

extension ODBCTime {
    init(_ raw: SQL_TIMESTAMP_STRUCT) {
        self.init(
            year: Int(raw.year), month: Int(raw.month), day: Int(raw.day), hour: Int(raw.hour),
            minute: Int(raw.minute), second: Int(raw.second), nanosecond: Int(raw.fraction))
    }
}
