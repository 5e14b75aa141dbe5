import CPostgres

/// The rows of a query, in PostgreSQL's binary form, and what they mean in Swift. Rows and columns count from 0.
///
/// The accessors answer nil for NULL, and for a value whose size is not that of the type asked for; none checks the type.
package final class PostgresResult {
    private let handle: OpaquePointer
    /// How many rows there are.
    package let rowCount: Int
    /// How many columns each row has.
    package let columnCount: Int

    /// Takes the result over and frees it in the end.
    init(_ handle: OpaquePointer) {
        self.handle = handle
        rowCount = Int(PQntuples(handle))
        columnCount = Int(PQnfields(handle))
    }

    deinit { PQclear(handle) }

    /// How many rows an INSERT, UPDATE or DELETE affected, or a SELECT returned.
    package var affectedRows: Int { Int(String(cString: PQcmdTuples(handle))) ?? 0 }

    /// What was done, as in `UPDATE 3`.
    var commandTag: String { String(cString: PQcmdStatus(handle)) }

    /// The type of a column.
    package func type(of column: Int) -> PostgresType {
        PostgresType(rawValue: PQftype(handle, Int32(column)))
    }

    @inline(__always)
    package func isNull(_ row: Int, _ column: Int) -> Bool { PQgetisnull(handle, Int32(row), Int32(column)) != 0 }

    /// The bytes of a value, valid as long as the result; empty for NULL.
    @inline(__always)
    package func bytes(_ row: Int, _ column: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: PQgetvalue(handle, Int32(row), Int32(column)),
            count: Int(PQgetlength(handle, Int32(row), Int32(column))))
    }

    /// How many bytes the values of a row have.
    package func sizeInBytes(_ row: Int) -> Int {
        (0..<columnCount).reduce(0) { $0 + Int(PQgetlength(handle, Int32(row), Int32($1))) }
    }

    /// An `int2`, `int4` or `int8`.
    package func integer(_ row: Int, _ column: Int) -> Int64? {
        let bytes = bytes(row, column)
        switch bytes.count {
        case 8: return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
        case 4: return Int64(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        case 2: return Int64(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
        default: return nil
        }
    }

    package func bool(_ row: Int, _ column: Int) -> Bool? {
        let bytes = bytes(row, column)
        return bytes.count == 1 ? bytes[0] != 0 : nil
    }

    /// A `float4` or `float8`.
    package func double(_ row: Int, _ column: Int) -> Double? {
        let bytes = bytes(row, column)
        switch bytes.count {
        case 8: return Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)))
        case 4: return Double(Float(bitPattern: UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))))
        default: return nil
        }
    }

    /// A `text`, `varchar`, `name` or the like; what is not valid UTF-8 is replaced.
    package func text(_ row: Int, _ column: Int) -> String? {
        isNull(row, column) ? nil : String(decoding: bytes(row, column), as: UTF8.self)
    }

    /// The bytes of a `bytea`, or of a text.
    package func bytea(_ row: Int, _ column: Int) -> [UInt8]? {
        isNull(row, column) ? nil : Array(bytes(row, column))
    }

    package func uuid(_ row: Int, _ column: Int) -> PostgresUUID? {
        let bytes = bytes(row, column)
        guard bytes.count == 16 else { return nil }
        return PostgresUUID(
            high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
    }

    /// A `timestamptz`, `timestamp` or `date` (its begin in UTC) in microseconds since 1970; infinities as in
    /// ``PostgresTime``.
    package func microseconds(_ row: Int, _ column: Int) -> Int64? {
        let bytes = bytes(row, column)
        switch bytes.count {
        case 8:
            return PostgresTime.microseconds(fromWire: Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
        case 4:
            return PostgresTime.microseconds(fromWireDay: Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
        default: return nil
        }
    }
}
