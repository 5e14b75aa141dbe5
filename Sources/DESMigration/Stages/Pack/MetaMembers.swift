import DESBase
import DESCatalog
import DESShard

/// The chosen catalog columns as members of an entry's meta, each with a comma before it.
struct MetaMembers: Sendable {
    /// `,"name":` for each column.
    private let names: [[UInt8]]

    init(columns: [String]) {
        names = columns.map { column in
            let name = ByteBuffer()
            Self.append(text: column, to: name)
            return [UInt8(ascii: ",")] + Array(name.bytes) + [UInt8(ascii: ":")]
        }
    }

    /// Appends the values of a row as JSON: numbers and texts as such, times in RFC 3339, bytes as hexadecimal text, NULL as null.
    func append(_ values: [CatalogValue], to output: ByteBuffer) {
        for (name, value) in zip(names, values) {
            name.withUnsafeBytes { output.append($0) }
            switch value {
            // A row with a value that is too long is never packed.
            case .null, .tooLong: Self.append(plain: "null", to: output)
            case .integer(let number): Self.append(plain: String(number), to: output)
            case .real(let number) where number.isFinite: Self.append(plain: String(number), to: output)
            case .real(let number): Self.append(text: String(number), to: output)
            case .text(let text): Self.append(text: text, to: output)
            case .time(let time): Self.append(text: time.rfc3339, to: output)
            case .blob(let bytes):
                Self.append(text: bytes.hexadecimal, to: output)
            }
        }
    }

    private static func append(plain text: String, to output: ByteBuffer) {
        var text = text
        text.withUTF8 { output.append(UnsafeRawBufferPointer($0)) }
    }

    /// A JSON string (RFC 8259, section 7).
    private static func append(text: String, to output: ByteBuffer) {
        output.append(littleEndian: UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { bytes in
            // Most texts are one piece without anything to escape.
            var start = 0
            for (index, byte) in bytes.enumerated()
            where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
                output.append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start..<index]))
                if byte < 0x20 {
                    append(plain: "\\u00" + [byte].hexadecimal, to: output)
                } else {
                    output.append(littleEndian: UInt8(ascii: "\\"))
                    output.append(littleEndian: byte)
                }
                start = index + 1
            }
            output.append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[start...]))
        }
        output.append(littleEndian: UInt8(ascii: "\""))
    }
}
