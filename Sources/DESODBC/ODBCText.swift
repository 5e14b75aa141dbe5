/// How a driver passes texts.
package enum ODBCTextEncoding: Sendable, Hashable {
    /// `SQL_C_CHAR`, which the driver or its connection string has set to UTF-8.
    case utf8
    /// `SQL_C_WCHAR`, which is UTF-16 whatever the driver's locale is.
    case utf16

    var bytesPerUnit: Int { self == .utf8 ? 1 : 2 }
}

/// Conversion of texts in buffers.
enum ODBCText {
    /// A text of UTF-8; bytes if it is none.
    static func utf8(_ bytes: UnsafeRawBufferPointer) -> ODBCValue {
        var union: UInt64 = 0
        var offset = 0
        while offset + 8 <= bytes.count {
            union |= bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset += 8
        }
        while offset < bytes.count {
            union |= UInt64(bytes[offset])
            offset += 1
        }
        // Most texts are ASCII, which is known faster than by the general validation.
        if union & 0x8080_8080_8080_8080 == 0 { return .text(String(decoding: bytes, as: UTF8.self)) }
        return String(validating: bytes, as: UTF8.self).map(ODBCValue.text) ?? .bytes(Array(bytes))
    }

    /// A text of UTF-16 in the machine's byte order; bytes if it is none.
    static func utf16(_ bytes: UnsafeRawBufferPointer) -> ODBCValue {
        let units = bytes.bindMemory(to: UInt16.self)
        if units.allSatisfy({ $0 < 0x80 }) {
            return .text(
                String(unsafeUninitializedCapacity: units.count) { target in
                    for (index, unit) in units.enumerated() { target[index] = UInt8(truncatingIfNeeded: unit) }
                    return units.count
                })
        }
        return String(validating: units, as: UTF16.self).map(ODBCValue.text) ?? .bytes(Array(bytes))
    }
}
