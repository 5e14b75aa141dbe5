import CODBC

/// A column of a result, as the driver describes it.
package struct ODBCColumn: Sendable, Hashable {
    /// What kind of values the column has.
    package enum ValueType: Sendable, Hashable {
        /// Whole numbers that fit 64 bits with a sign.
        case integer
        /// Numbers with a decimal point or too many digits for 64 bits; read as text.
        case decimal(scale: Int)
        case real
        /// `isWide`: of a national character type.
        case text(isWide: Bool)
        case uuid
        case bytes
        case date
        /// `hasOffset`: with a time zone of its own.
        case timestamp(digits: Int, hasOffset: Bool)
        case boolean
    }

    package let name: String
    /// In the database's words, lower case; may be empty.
    package let typeName: String
    package let type: ValueType
    /// The most characters or bytes of a value; 0 if that is unknown or huge.
    package let size: Int
    /// False only if the driver is sure.
    package let mayBeNull: Bool

    package init(name: String, typeName: String, type: ValueType, size: Int, mayBeNull: Bool) {
        self.name = name
        self.typeName = typeName
        self.type = type
        self.size = size
        self.mayBeNull = mayBeNull
    }

    static func type(
        sqlType: Int32, typeName: String, size: Int, digits: Int, isUnsigned: Bool
    ) -> ValueType {
        if typeName.hasPrefix("bool") { return .boolean }
        switch sqlType {
        case SQL_TINYINT, SQL_SMALLINT, SQL_INTEGER: return .integer
        case SQL_BIGINT: return isUnsigned ? .decimal(scale: 0) : .integer
        case SQL_DECIMAL, SQL_NUMERIC:
            return digits == 0 && (1...18).contains(size) ? .integer : .decimal(scale: digits)
        case SQL_REAL, SQL_FLOAT, SQL_DOUBLE: return .real
        case SQL_BIT: return size > 1 ? .bytes : .boolean
        case SQL_BINARY, SQL_VARBINARY, SQL_LONGVARBINARY: return .bytes
        case SQL_TYPE_DATE, SQL_DATE: return .date
        case SQL_TYPE_TIMESTAMP, SQL_TIMESTAMP, Int32(des_odbc_type_datetimeoffset):
            let hasOffset =
                sqlType == Int32(des_odbc_type_datetimeoffset) || typeName.contains("offset")
                || typeName.contains("timestamptz") || typeName.contains("time zone")
            return .timestamp(digits: digits, hasOffset: hasOffset)
        case SQL_GUID: return .uuid
        case SQL_WCHAR, SQL_WVARCHAR, SQL_WLONGVARCHAR: return .text(isWide: true)
        default: return .text(isWide: false)
        }
    }
}
