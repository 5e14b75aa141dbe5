import CODBC

/// One parameter of a statement: its values, one for each set of parameters.
package struct ODBCParameter: Sendable {
    /// As what the values are sent.
    package enum Kind: Sendable, Hashable {
        case integer
        case real
        /// `isWide`: as a national character type. A database may not use the index of a column of another type.
        case text(isWide: Bool)
        case bytes
    }

    package let kind: Kind
    package let values: [ODBCValue]

    package init(_ kind: Kind, _ values: [ODBCValue]) {
        self.kind = kind
        self.values = values
    }

    package init(_ kind: Kind, _ value: ODBCValue) { self.init(kind, [value]) }

    /// A text, not wide.
    package static func text(_ text: String) -> ODBCParameter { ODBCParameter(.text(isWide: false), .text(text)) }

    package static func integer(_ number: Int64) -> ODBCParameter { ODBCParameter(.integer, .integer(number)) }
}

/// The values of one parameter in memory, as an array that the driver reads when the statement is executed.
final class ODBCParameterBuffer {
    /// Values at a distance of `stride` bytes.
    let data: UnsafeMutableRawPointer
    let stride: Int
    let indicators: UnsafeMutablePointer<SQLLEN>
    let cType: SQLSMALLINT
    let sqlType: SQLSMALLINT
    /// In characters or bytes, at least 1.
    let columnSize: Int

    init(_ parameter: ODBCParameter, _ traits: ODBCSessionTraits) {
        let isTextOfDigits = parameter.kind == .integer && traits.passesIntegersAsText
        let encoding = isTextOfDigits ? ODBCTextEncoding.utf8 : traits.textEncoding
        let kind = isTextOfDigits ? ODBCParameter.Kind.text(isWide: false) : parameter.kind
        let count = max(1, parameter.values.count)
        indicators = .allocate(capacity: count)
        indicators.initialize(repeating: SQLLEN(SQL_NULL_DATA), count: count)
        switch kind {
        case .integer, .real:
            stride = 8
            columnSize = kind == .integer ? 19 : 15
            cType = kind == .integer ? des_odbc_c_int64 : des_odbc_c_double
            sqlType = SQLSMALLINT(kind == .integer ? SQL_BIGINT : SQL_DOUBLE)
        case .text(let isWide):
            let longest = parameter.values.reduce(0) { max($0, Self.units(of: $1, encoding)) }
            // Room for an end mark, which some drivers read in spite of the length.
            stride = (longest + 1) * encoding.bytesPerUnit
            columnSize = max(1, longest)
            cType = encoding == .utf8 ? des_odbc_c_char : des_odbc_c_wchar
            sqlType = SQLSMALLINT(isTextOfDigits ? SQL_DECIMAL : isWide ? SQL_WVARCHAR : SQL_VARCHAR)
        case .bytes:
            let longest = parameter.values.reduce(0) { max($0, Self.bytes(of: $1).count) }
            stride = max(1, longest)
            columnSize = max(1, longest)
            cType = des_odbc_c_binary
            sqlType = SQLSMALLINT(SQL_VARBINARY)
        }
        data = .allocate(byteCount: stride * count, alignment: 8)
        data.initializeMemory(as: UInt8.self, repeating: 0, count: stride * count)
        for (index, value) in parameter.values.enumerated() {
            store(value, at: index, as: kind, encoding)
        }
    }

    deinit {
        data.deallocate()
        indicators.deallocate()
    }

    private func store(_ value: ODBCValue, at index: Int, as kind: ODBCParameter.Kind, _ encoding: ODBCTextEncoding) {
        if case .null = value { return }
        let target = data + index * stride
        switch kind {
        case .integer:
            guard let number = value.integer else { return }
            target.storeBytes(of: number, as: Int64.self)
            indicators[index] = 8
        case .real:
            guard let number = Self.real(value) else { return }
            target.storeBytes(of: number, as: Double.self)
            indicators[index] = 8
        case .text:
            let length = Self.write(Self.text(of: value), to: target, encoding)
            indicators[index] = SQLLEN(length)
        case .bytes:
            let bytes = Self.bytes(of: value)
            bytes.withUnsafeBytes {
                target.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(target), byteCount: $0.count)
            }
            indicators[index] = SQLLEN(bytes.count)
        }
    }

    /// The number of bytes written.
    private static func write(_ text: String, to target: UnsafeMutableRawPointer, _ encoding: ODBCTextEncoding) -> Int {
        switch encoding {
        case .utf8:
            var text = text
            return text.withUTF8 { bytes in
                if let start = bytes.baseAddress { target.copyMemory(from: start, byteCount: bytes.count) }
                return bytes.count
            }
        case .utf16:
            var offset = 0
            for unit in text.utf16 {
                target.storeBytes(of: unit, toByteOffset: offset, as: UInt16.self)
                offset += 2
            }
            return offset
        }
    }

    private static func units(of value: ODBCValue, _ encoding: ODBCTextEncoding) -> Int {
        let text = text(of: value)
        return encoding == .utf8 ? text.utf8.count : text.utf16.count
    }

    private static func text(of value: ODBCValue) -> String {
        switch value {
        case .null: ""
        case .integer(let number): String(number)
        case .real(let number): String(number)
        case .text(let text): text
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .time(let time): time.text(digits: 9)
        }
    }

    private static func bytes(of value: ODBCValue) -> [UInt8] {
        if case .bytes(let bytes) = value { return bytes }
        return Array(text(of: value).utf8)
    }

    private static func real(_ value: ODBCValue) -> Double? {
        switch value {
        case .real(let number): number
        case .integer(let number): Double(number)
        case .text(let text): Double(text)
        case .null, .bytes, .time: nil
        }
    }
}
