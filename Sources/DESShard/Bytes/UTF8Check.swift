enum UTF8Check {
    /// Whether the bytes are valid UTF-8; eight at a time while they are ASCII.
    @inline(__always)
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var offset = 0
        while offset + 8 <= bytes.count {
            if bytes.littleEndian(UInt64.self, at: offset) & 0x8080_8080_8080_8080 != 0 { return isValidSlowly(bytes) }
            offset += 8
        }
        while offset < bytes.count {
            if bytes[offset] >= 0x80 { return isValidSlowly(bytes) }
            offset += 1
        }
        return true
    }

    private static func isValidSlowly(_ bytes: UnsafeRawBufferPointer) -> Bool {
        String(validating: bytes, as: UTF8.self) != nil
    }
}
