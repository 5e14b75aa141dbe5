import CODBC

/// The current row of a result.
package struct ODBCRow {
    fileprivate let result: ODBCResult

    init(result: ODBCResult) { self.result = result }

    /// The number of columns.
    package var count: Int { result.columns.count }

    /// The value of a column, counted from 0. To be asked for in the order of the columns, each once.
    package func value(_ column: Int) throws(ODBCError) -> ODBCValue { try result.value(column) }

    /// The values of all columns, instead of asking for them one by one.
    package var values: [ODBCValue] {
        get throws(ODBCError) {
            var values: [ODBCValue] = []
            values.reserveCapacity(count)
            for column in 0..<count { values.append(try value(column)) }
            return values
        }
    }
}

/// Reads the rows of a result: columns of a known length in blocks; from the first one on whose values may be long, each
/// value by itself.
final class ODBCResult {
    let columns: [ODBCColumn]
    private unowned let statement: ODBCStatement
    private let traits: ODBCSessionTraits
    private let buffers: [ODBCColumnBuffer]
    private let rowsPerBlock: Int
    private let fetched = UnsafeMutablePointer<SQLULEN>.allocate(capacity: 1)
    private var row = 0
    private var rowsInBlock = 0
    private var piece = [UInt8](repeating: 0, count: 8192)
    /// The values of the current row that were read by themselves.
    private var longValues: [ODBCValue] = []

    init(columns: [ODBCColumn], statement: ODBCStatement, traits: ODBCSessionTraits) throws(ODBCError) {
        self.columns = columns
        self.statement = statement
        self.traits = traits
        fetched.initialize(to: 0)
        let strides = columns.map { ODBCColumnBuffer.bytesPerValue($0, traits) }
        let boundCount = strides.firstIndex { $0 == nil } ?? columns.count
        let bound = strides.prefix(boundCount).compactMap { $0.map { ($0 + 7) & ~7 } }
        // About 4 MiB a block.
        let rows = boundCount == columns.count ? max(1, min(2000, 4_194_304 / max(1, bound.reduce(0, +)))) : 1
        rowsPerBlock = rows
        buffers = zip(columns, bound).map { ODBCColumnBuffer($0, stride: $1, rows: rows, traits) }
        let handle = statement.handle.raw
        _ = des_odbc_set_statement_pointer(handle, SQL_ATTR_ROWS_FETCHED_PTR, fetched)
        try statement.check(des_odbc_set_statement_number(handle, SQL_ATTR_ROW_ARRAY_SIZE, SQLULEN(rows)))
        for (index, buffer) in buffers.enumerated() { try statement.check(buffer.bind(to: handle, number: index + 1)) }
    }

    deinit { fetched.deallocate() }

    /// Forgets the block that was read.
    func reset() {
        row = 0
        rowsInBlock = 0
    }

    /// Goes to the next row; false if there is none.
    func advance() throws(ODBCError) -> Bool {
        row += 1
        if row >= rowsInBlock {
            // Not all drivers can be asked for more once a block was not full.
            if rowsInBlock > 0, rowsInBlock < rowsPerBlock { return false }
            row = 0
            fetched.pointee = 0
            let code = SQLFetch(statement.handle.raw)
            if code == SQLRETURN(SQL_NO_DATA) {
                rowsInBlock = 0
                return false
            }
            try statement.check(code)
            rowsInBlock = rowsPerBlock == 1 ? 1 : Int(fetched.pointee)
            guard rowsInBlock > 0 else { return false }
        }
        longValues.removeAll(keepingCapacity: true)
        return true
    }

    func value(_ column: Int) throws(ODBCError) -> ODBCValue {
        if column < buffers.count { return try buffers[column].value(at: row) }
        // Values are read from left to right, each once, as drivers demand.
        while buffers.count + longValues.count <= column {
            longValues.append(try longValue(buffers.count + longValues.count))
        }
        return longValues[column - buffers.count]
    }

    private func longValue(_ index: Int) throws(ODBCError) -> ODBCValue {
        let column = columns[index]
        switch column.type {
        case .bytes: return try pieces(index, as: des_odbc_c_binary, endBytes: 0).map { .bytes($0) } ?? .null
        case .date where !traits.readsTimesAsText, .timestamp where !traits.readsTimesAsText:
            var time = SQL_TIMESTAMP_STRUCT()
            return try single(index, as: des_odbc_c_timestamp, &time) ? .time(ODBCTime(time)) : .null
        case .integer where !traits.readsNumbersAsText && !traits.passesIntegersAsText,
            .boolean where !traits.readsNumbersAsText:
            var number: Int64 = 0
            return try single(index, as: des_odbc_c_int64, &number) ? .integer(number) : .null
        case .real where !traits.readsNumbersAsText:
            var number = 0.0
            return try single(index, as: des_odbc_c_double, &number) ? .real(number) : .null
        case .integer, .boolean, .decimal, .real:
            return ODBCNumber.value(of: try text(index, encoding: .utf8))
        case .text, .uuid, .date, .timestamp: return try text(index, encoding: traits.textEncoding)
        }
    }

    private func single<Value: BitwiseCopyable>(_ index: Int, as cType: SQLSMALLINT, _ value: inout Value)
        throws(ODBCError) -> Bool
    {
        var indicator: SQLLEN = 0
        let code = SQLGetData(
            statement.handle.raw, SQLUSMALLINT(index + 1), cType, &value, SQLLEN(MemoryLayout<Value>.size), &indicator)
        try statement.check(code)
        return indicator != SQLLEN(SQL_NULL_DATA)
    }

    private func text(_ index: Int, encoding: ODBCTextEncoding) throws(ODBCError) -> ODBCValue {
        let cType = encoding == .utf8 ? des_odbc_c_char : des_odbc_c_wchar
        guard let bytes = try pieces(index, as: cType, endBytes: encoding.bytesPerUnit) else { return .null }
        return bytes.withUnsafeBytes { encoding == .utf8 ? ODBCText.utf8($0) : ODBCText.utf16($0) }
    }

    /// The value's bytes; nil for NULL.
    ///
    /// - Parameter endBytes: how many bytes of each piece are an end mark.
    private func pieces(_ index: Int, as cType: SQLSMALLINT, endBytes: Int) throws(ODBCError) -> [UInt8]? {
        var value: [UInt8] = []
        while true {
            var indicator: SQLLEN = 0
            let code = SQLGetData(
                statement.handle.raw, SQLUSMALLINT(index + 1), cType, &piece, SQLLEN(piece.count), &indicator)
            if code == SQLRETURN(SQL_NO_DATA) { return value }
            try statement.check(code)
            if indicator == SQLLEN(SQL_NULL_DATA) { return nil }
            let room = piece.count - endBytes
            let isLast = indicator != SQLLEN(SQL_NO_TOTAL) && Int(indicator) <= room
            value += piece.prefix(isLast ? Int(indicator) : room)
            if isLast { return value }
        }
    }
}
