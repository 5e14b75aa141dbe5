import CODBC

/// The drivers that `odbcinst.ini` names.
package enum ODBCDrivers {
    /// Their names, in the order of the file. Reads files.
    package static func installed() throws(ODBCError) -> [String] {
        guard let environment = ODBCHandle(type: SQL_HANDLE_ENV, parent: nil) else {
            throw ODBCError(kind: .other, sqlState: "HY001", message: "the driver manager has no memory")
        }
        _ = des_odbc_set_environment_number(environment.raw, SQL_ATTR_ODBC_VERSION, SQLULEN(SQL_OV_ODBC3))
        var names: [String] = []
        var name = [SQLWCHAR](repeating: 0, count: 512)
        var attributes = [SQLWCHAR](repeating: 0, count: 4096)
        var direction = SQLUSMALLINT(SQL_FETCH_FIRST)
        while true {
            var nameLength: SQLSMALLINT = 0
            var attributesLength: SQLSMALLINT = 0
            let code = SQLDriversW(
                environment.raw, direction, &name, SQLSMALLINT(name.count), &nameLength, &attributes,
                SQLSMALLINT(attributes.count), &attributesLength)
            guard ODBCHandle.isSuccess(code) else { return names }
            names.append(String(decoding: name.prefix { $0 != 0 }, as: UTF16.self))
            direction = SQLUSMALLINT(SQL_FETCH_NEXT)
        }
    }
}
