import CODBC

/// A statement of a session, prepared once; executed with arrays of parameters, read in blocks of rows.
///
/// Not Sendable: it stays on the thread of its connection.
package final class ODBCStatement {
    let handle: ODBCHandle
    private unowned let session: ODBCSession
    private var parameters: [ODBCParameterBuffer] = []
    private var result: ODBCResult?
    private let processed = UnsafeMutablePointer<SQLULEN>.allocate(capacity: 1)
    private var parameterSets = 1

    init(_ sql: String, session: ODBCSession) throws(ODBCError) {
        self.session = session
        handle = try session.allocateStatement()
        processed.initialize(to: 0)
        if let seconds = session.statementTimeoutSeconds {
            // Not all drivers have it; the dialect's own setting comes beside it.
            _ = des_odbc_set_statement_number(handle.raw, SQL_ATTR_QUERY_TIMEOUT, SQLULEN(seconds))
        }
        if session.traits.takesWideStatements {
            var text = Array(sql.utf16)
            try check(SQLPrepareW(handle.raw, &text, SQLINTEGER(text.count)))
        } else {
            var text = Array(sql.utf8)
            try check(SQLPrepare(handle.raw, &text, SQLINTEGER(text.count)))
        }
    }

    /// A statement for a catalogue function of ODBC, which executes it.
    init(session: ODBCSession) throws(ODBCError) {
        self.session = session
        handle = try session.allocateStatement()
        processed.initialize(to: 0)
    }

    deinit {
        // The columns' buffers must outlive the handle's use of them; the handle goes with this object.
        SQLFreeStmt(handle.raw, SQLUSMALLINT(SQL_CLOSE))
        SQLFreeStmt(handle.raw, SQLUSMALLINT(SQL_UNBIND))
        SQLFreeStmt(handle.raw, SQLUSMALLINT(SQL_RESET_PARAMS))
        processed.deallocate()
    }

    /// Executes the statement, once for each set of values; an earlier result is closed.
    ///
    /// - Parameter parameters: in the order of the question marks, all with as many values.
    /// - Returns: how many rows were changed by all sets together; nil if the driver does not know or it is a query.
    @discardableResult
    package func execute(_ parameters: [ODBCParameter] = []) throws(ODBCError) -> Int? {
        close()
        try bind(parameters)
        try session.cancellable(handle) { () throws(ODBCError) in
            let code = SQLExecute(handle.raw)
            // "No data" is an update that found no row.
            if code != SQLRETURN(SQL_NO_DATA) { try check(code) }
        }
        var count = SQLLEN(-1)
        guard ODBCHandle.isSuccess(SQLRowCount(handle.raw, &count)), count >= 0 else { return nil }
        return Int(count)
    }

    private func bind(_ values: [ODBCParameter]) throws(ODBCError) {
        let sets = values.first?.values.count ?? 1
        if sets != parameterSets || sets > 1 {
            try check(des_odbc_set_statement_number(handle.raw, SQL_ATTR_PARAMSET_SIZE, SQLULEN(sets)))
            parameterSets = sets
        }
        _ = des_odbc_set_statement_pointer(handle.raw, SQL_ATTR_PARAMS_PROCESSED_PTR, processed)
        parameters = values.map { ODBCParameterBuffer($0, session.traits) }
        for (index, buffer) in parameters.enumerated() {
            try check(
                SQLBindParameter(
                    handle.raw, SQLUSMALLINT(index + 1), SQLSMALLINT(SQL_PARAM_INPUT), buffer.cType, buffer.sqlType,
                    SQLULEN(buffer.columnSize), 0, buffer.data, SQLLEN(buffer.stride), buffer.indicators))
        }
    }

    /// The columns of the result; empty if there is none.
    package func columns() throws(ODBCError) -> [ODBCColumn] {
        var count: SQLSMALLINT = 0
        try check(SQLNumResultCols(handle.raw, &count))
        var columns: [ODBCColumn] = []
        for number in 1...max(1, Int(count)) where count > 0 { columns.append(try describe(number)) }
        return columns
    }

    /// The next rows of the result; empty at its end, where it is closed.
    ///
    /// - Parameter limit: at most that many; a later call goes on after them.
    package func rows(atMost limit: Int) throws(ODBCError) -> [[ODBCValue]] {
        var rows: [[ODBCValue]] = []
        rows.reserveCapacity(min(limit, 10_000))
        try forEachRow(atMost: limit) { (row) throws(ODBCError) in rows.append(try row.values) }
        return rows
    }

    /// As ``rows(atMost:)``, but ends with the row that brings them to so many bytes.
    ///
    /// - Returns: the rows, and whether the result is at its end.
    package func rows(atMost limit: Int, bytes: Int) throws(ODBCError) -> (rows: [[ODBCValue]], isEnd: Bool) {
        var rows: [[ODBCValue]] = []
        rows.reserveCapacity(min(limit, 10_000))
        var sum = 0
        while rows.count < limit, sum < bytes {
            let count = try forEachRow(atMost: 1) { (row) throws(ODBCError) in
                let values = try row.values
                sum += values.reduce(0) { $0 + $1.sizeInBytes }
                rows.append(values)
            }
            if count == 0 { return (rows, true) }
        }
        return (rows, false)
    }

    /// Hands each of the next rows to the body; the result is closed at its end.
    ///
    /// - Returns: how many rows there were; fewer than the limit only at the end of the result.
    @discardableResult
    package func forEachRow(
        atMost limit: Int = .max, _ body: (ODBCRow) throws(ODBCError) -> Void
    ) throws(ODBCError) -> Int {
        let result = try openResult()
        return try session.cancellable(handle) { () throws(ODBCError) in
            var count = 0
            while count < limit {
                guard try result.advance() else {
                    close()
                    break
                }
                try body(ODBCRow(result: result))
                count += 1
            }
            return count
        }
    }

    /// Ends the reading of a result, and with it the locks that it holds.
    package func close() {
        SQLFreeStmt(handle.raw, SQLUSMALLINT(SQL_CLOSE))
        result?.reset()
    }

    private func openResult() throws(ODBCError) -> ODBCResult {
        if let result { return result }
        let opened = try ODBCResult(columns: try columns(), statement: self, traits: session.traits)
        result = opened
        return opened
    }

    private func describe(_ number: Int) throws(ODBCError) -> ODBCColumn {
        var name = [SQLWCHAR](repeating: 0, count: 512)
        var nameLength: SQLSMALLINT = 0
        var type: SQLSMALLINT = 0
        var size: SQLULEN = 0
        var digits: SQLSMALLINT = 0
        var nullable: SQLSMALLINT = 0
        try check(
            SQLDescribeColW(
                handle.raw, SQLUSMALLINT(number), &name, SQLSMALLINT(name.count), &nameLength, &type, &size, &digits,
                &nullable))
        var typeName = [SQLWCHAR](repeating: 0, count: 128)
        var typeNameLength: SQLSMALLINT = 0
        if !ODBCHandle.isSuccess(
            SQLColAttributeW(
                handle.raw, SQLUSMALLINT(number), SQLUSMALLINT(SQL_DESC_TYPE_NAME), &typeName,
                SQLSMALLINT(typeName.count * 2), &typeNameLength, nil))
        {
            typeName[0] = 0
        }
        var isUnsigned: SQLLEN = 0
        _ = SQLColAttributeW(
            handle.raw, SQLUSMALLINT(number), SQLUSMALLINT(SQL_DESC_UNSIGNED), nil, 0, nil, &isUnsigned)
        let readName = String(decoding: typeName.prefix { $0 != 0 }, as: UTF16.self).lowercased()
        let length = Int(clamping: size)
        return ODBCColumn(
            name: String(decoding: name.prefix { $0 != 0 }, as: UTF16.self), typeName: readName,
            type: ODBCColumn.type(
                sqlType: Int32(type), typeName: readName, size: length, digits: Int(digits), isUnsigned: isUnsigned != 0
            ),
            size: length, mayBeNull: Int32(nullable) != SQL_NO_NULLS)
    }

    func check(_ code: SQLRETURN) throws(ODBCError) {
        guard !ODBCHandle.isSuccess(code) else { return }
        throw session.failure(of: handle)
    }
}
