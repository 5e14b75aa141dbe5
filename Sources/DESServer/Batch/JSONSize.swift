import NIOCore

/// How much a decoder would make of JSON: its memory grows with the values, which may be as short as `1,`.
enum JSONSize {
    /// Whether there are more arrays, objects and further members of them than that. Looks at each byte once, and not at whether it is JSON.
    static func isTooLarge(_ bytes: ByteBufferView, maximumCount: Int) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var count = 0
            var isInString = false
            var isEscaped = false
            for byte in bytes {
                if isInString {
                    if isEscaped {
                        isEscaped = false
                    } else if byte == UInt8(ascii: "\\") {
                        isEscaped = true
                    } else if byte == UInt8(ascii: "\"") {
                        isInString = false
                    }
                } else {
                    switch byte {
                    case UInt8(ascii: "\""): isInString = true
                    case UInt8(ascii: ","), UInt8(ascii: "["), UInt8(ascii: "{"):
                        count += 1
                        if count > maximumCount { return true }
                    default: break
                    }
                }
            }
            return false
        }
    }
}
