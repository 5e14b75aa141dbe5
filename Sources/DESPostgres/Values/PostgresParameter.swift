/// A value that is handed to a statement in PostgreSQL's binary form.
package struct PostgresParameter: Sendable {
    let type: PostgresType
    /// Nil for NULL.
    let bytes: [UInt8]?

    init(_ type: PostgresType, _ bytes: [UInt8]?) {
        self.type = type
        self.bytes = bytes
    }

    /// NULL of a type.
    package static func null(_ type: PostgresType = .text) -> PostgresParameter { PostgresParameter(type, nil) }

    package static func int8(_ value: Int64) -> PostgresParameter {
        PostgresParameter(.int8, WireBytes { $0.append(value) }.bytes)
    }

    package static func bool(_ value: Bool) -> PostgresParameter { PostgresParameter(.bool, [value ? 1 : 0]) }

    package static func float8(_ value: Double) -> PostgresParameter {
        PostgresParameter(.float8, WireBytes { $0.append(value.bitPattern) }.bytes)
    }

    package static func text(_ value: String) -> PostgresParameter { PostgresParameter(.text, Array(value.utf8)) }

    /// A text by its bytes, which the server checks.
    package static func text(bytes: [UInt8]) -> PostgresParameter { PostgresParameter(.text, bytes) }

    package static func bytea(_ value: [UInt8]) -> PostgresParameter { PostgresParameter(.bytea, value) }

    package static func uuid(_ value: PostgresUUID) -> PostgresParameter {
        PostgresParameter(.uuid, WireBytes { $0.append(value) }.bytes)
    }

    /// A moment in microseconds since 1970.
    package static func timestamptz(_ microseconds: Int64) -> PostgresParameter {
        PostgresParameter(
            .timestamptz, WireBytes { $0.append(PostgresTime.wire(fromMicroseconds: microseconds)) }.bytes)
    }

    /// A time of the clock in UTC, in microseconds since 1970.
    package static func timestamp(_ microseconds: Int64) -> PostgresParameter {
        PostgresParameter(.timestamp, WireBytes { $0.append(PostgresTime.wire(fromMicroseconds: microseconds)) }.bytes)
    }

    /// The day that a moment, in microseconds since 1970, lies in.
    package static func date(_ microseconds: Int64) -> PostgresParameter {
        PostgresParameter(.date, WireBytes { $0.append(PostgresTime.wireDay(fromMicroseconds: microseconds)) }.bytes)
    }
}

// MARK: Arrays, for unnest and ANY

extension PostgresParameter {
    package static func int8Array(_ values: [Int64?]) -> PostgresParameter {
        array(.int8Array, of: .int8, values, sizeOfElement: 8) { $0.append($1) }
    }

    package static func float8Array(_ values: [Double?]) -> PostgresParameter {
        array(.float8Array, of: .float8, values, sizeOfElement: 8) { $0.append($1.bitPattern) }
    }

    package static func boolArray(_ values: [Bool?]) -> PostgresParameter {
        array(.boolArray, of: .bool, values, sizeOfElement: 1) { $0.bytes.append($1 ? 1 : 0) }
    }

    package static func textArray(_ values: [String?]) -> PostgresParameter {
        array(.textArray, of: .text, values, sizeOfElement: 48) { $0.bytes.append(contentsOf: $1.utf8) }
    }

    /// Texts by their bytes, which the server checks.
    package static func textArray(bytes values: [[UInt8]?]) -> PostgresParameter {
        array(.textArray, of: .text, values, sizeOfElement: 48) { $0.bytes.append(contentsOf: $1) }
    }

    package static func byteaArray(_ values: [[UInt8]?]) -> PostgresParameter {
        array(.byteaArray, of: .bytea, values, sizeOfElement: 48) { $0.bytes.append(contentsOf: $1) }
    }

    package static func uuidArray(_ values: [PostgresUUID?]) -> PostgresParameter {
        array(.uuidArray, of: .uuid, values, sizeOfElement: 16) { $0.append($1) }
    }

    /// Moments in microseconds since 1970.
    package static func timestamptzArray(_ values: [Int64?]) -> PostgresParameter {
        array(.timestamptzArray, of: .timestamptz, values, sizeOfElement: 8) {
            $0.append(PostgresTime.wire(fromMicroseconds: $1))
        }
    }

    /// Times of the clock in UTC, in microseconds since 1970.
    package static func timestampArray(_ values: [Int64?]) -> PostgresParameter {
        array(.timestampArray, of: .timestamp, values, sizeOfElement: 8) {
            $0.append(PostgresTime.wire(fromMicroseconds: $1))
        }
    }

    /// The days that moments, in microseconds since 1970, lie in.
    package static func dateArray(_ values: [Int64?]) -> PostgresParameter {
        array(.dateArray, of: .date, values, sizeOfElement: 4) {
            $0.append(PostgresTime.wireDay(fromMicroseconds: $1))
        }
    }

    /// The binary form of a one-dimensional array: dimensions, a flag for NULLs, the element type, length and lower bound,
    /// and each element with its size before it (`array_recv` of the server).
    private static func array<Value>(
        _ type: PostgresType, of element: PostgresType, _ values: [Value?], sizeOfElement: Int,
        _ write: (inout WireBytes, Value) -> Void
    ) -> PostgresParameter {
        var output = WireBytes()
        output.bytes.reserveCapacity(20 + values.count * (4 + sizeOfElement))
        output.append(Int32(values.isEmpty ? 0 : 1))
        output.append(Int32(values.contains { $0 == nil } ? 1 : 0))
        output.append(element.rawValue)
        if !values.isEmpty {
            output.append(Int32(clamping: values.count))
            output.append(Int32(1))
        }
        for value in values {
            guard let value else {
                output.append(Int32(-1))
                continue
            }
            let start = output.bytes.count
            output.append(Int32(0))
            write(&output, value)
            output.set(Int32(clamping: output.bytes.count - start - 4), at: start)
        }
        return PostgresParameter(type, output.bytes)
    }
}

/// Bytes in network order.
struct WireBytes {
    var bytes: [UInt8] = []

    init() {}

    init(_ fill: (inout WireBytes) -> Void) {
        fill(&self)
    }

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func append(_ value: PostgresUUID) {
        append(value.high)
        append(value.low)
    }

    mutating func set(_ value: Int32, at offset: Int) {
        withUnsafeBytes(of: value.bigEndian) { source in
            for index in 0..<4 { bytes[offset + index] = source[index] }
        }
    }
}
