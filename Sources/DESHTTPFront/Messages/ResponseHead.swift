package import NIOCore

/// The head of an answer, written straight into the buffer that is sent.
package struct ResponseHead {
    /// Status line and headers so far.
    package private(set) var buffer: ByteBuffer
    /// What is answered.
    package let status: HTTPStatus

    /// Begins a head.
    ///
    /// - Parameters:
    ///   - dateLine: of ``DateCache``.
    ///   - bodySize: bytes of the body that will be put behind it, so that the buffer need not grow.
    package init(_ status: HTTPStatus, dateLine: String, bodySize: Int = 0) {
        self.status = status
        buffer = ByteBufferAllocator().buffer(capacity: 384 + bodySize)
        buffer.writeStaticString(status.line)
        buffer.writeString(dateLine)
    }

    /// Adds headers that are always the same, each with its line end.
    package mutating func add(lines: StaticString) { buffer.writeStaticString(lines) }

    /// Adds headers, each with its line end, in which nothing stands that a client sent and nobody checked.
    package mutating func add(rawLines: String) { buffer.writeString(rawLines) }

    /// Adds a header. A control character in the value becomes a blank: nothing can end the line.
    package mutating func add(_ name: StaticString, _ value: String) {
        buffer.writeStaticString(name)
        buffer.writeStaticString(": ")
        if value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            buffer.writeBytes(value.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x20 : $0 })
        } else {
            buffer.writeString(value)
        }
        buffer.writeStaticString("\r\n")
    }

    /// Adds a header whose value we made ourselves.
    package mutating func add(_ name: StaticString, made value: String) {
        buffer.writeStaticString(name)
        buffer.writeStaticString(": ")
        buffer.writeString(value)
        buffer.writeStaticString("\r\n")
    }

    /// Adds an entity tag, which is strong.
    package mutating func add(entityTag: String) {
        buffer.writeStaticString("ETag: \"")
        buffer.writeString(entityTag)
        buffer.writeStaticString("\"\r\n")
    }

    /// Adds the length of the body.
    package mutating func add(contentLength: UInt64) {
        buffer.writeStaticString("Content-Length: ")
        buffer.writeDecimal(contentLength)
        buffer.writeStaticString("\r\n")
    }

    /// Adds the empty line.
    package consuming func finish() -> ByteBuffer {
        buffer.writeStaticString("\r\n")
        return buffer
    }
}

extension ByteBuffer {
    /// Appends a number in decimal digits.
    mutating func writeDecimal(_ number: UInt64) {
        writeWithUnsafeMutableBytes(minimumWritableBytes: 20) { output in
            var digits = 1
            var bound = number / 10
            while bound > 0 {
                digits += 1
                bound /= 10
            }
            var rest = number
            for position in stride(from: digits - 1, through: 0, by: -1) {
                output[position] = UInt8(48 + rest % 10)
                rest /= 10
            }
            return digits
        }
    }
}
