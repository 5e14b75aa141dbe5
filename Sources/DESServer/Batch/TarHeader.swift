/// The blocks before and behind a file in a tar archive (POSIX.1-2001, pax interchange format).
enum TarHeader {
    private static let blockSize = 512
    private static let largestSize: UInt64 = 0o77777777777

    /// The header of a file, with a pax header before it where name or size do not fit into the old one.
    static func bytes(name: String, size: UInt64, modified: UInt64) -> [UInt8] {
        var records: [UInt8] = []
        let isPlain = name.utf8.count <= 100 && name.utf8.allSatisfy { $0 < 0x80 }
        if !isPlain { records += record("path", name) }
        if size > largestSize { records += record("size", String(size)) }
        var result: [UInt8] = []
        if !records.isEmpty {
            result += block(name: "PaxHeader", size: UInt64(records.count), modified: modified, type: "x")
            result += records
            result += padding(UInt64(records.count))
        }
        // Whoever does not know pax gets the beginning of the name, without half a character.
        let shortName =
            isPlain ? name : String(name.unicodeScalars.map { $0.isASCII ? Character($0) : "_" }.prefix(100))
        return result + block(name: shortName, size: size > largestSize ? 0 : size, modified: modified, type: "0")
    }

    /// What fills the last block of that many bytes.
    static func padding(_ size: UInt64) -> [UInt8] {
        let rest = Int(size % UInt64(blockSize))
        return [UInt8](repeating: 0, count: rest == 0 ? 0 : blockSize - rest)
    }

    /// `length key=value\n`, where the length counts its own digits.
    private static func record(_ key: String, _ value: String) -> [UInt8] {
        let rest = key.utf8.count + value.utf8.count + 3
        var length = rest + 1
        while String(length).utf8.count + rest != length { length += 1 }
        return Array("\(length) \(key)=\(value)\n".utf8)
    }

    private static func block(name: String, size: UInt64, modified: UInt64, type: Unicode.Scalar) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockSize)
        func put(_ text: some Sequence<UInt8>, at offset: Int) {
            for (position, byte) in text.enumerated() { block[offset + position] = byte }
        }
        func octal(_ number: UInt64, digits: Int) -> [UInt8] {
            let text = String(number, radix: 8)
            return Array((String(repeating: "0", count: max(0, digits - text.utf8.count)) + text).utf8)
        }
        put(name.utf8.prefix(100), at: 0)
        put(octal(0o644, digits: 7), at: 100)
        put(octal(0, digits: 7), at: 108)
        put(octal(0, digits: 7), at: 116)
        put(octal(size, digits: 11), at: 124)
        put(octal(min(modified, largestSize), digits: 11), at: 136)
        put("        ".utf8, at: 148)
        block[156] = UInt8(ascii: type)
        put("ustar\u{0}00".utf8, at: 257)
        let checksum = block.reduce(UInt64(0)) { $0 + UInt64($1) }
        put(octal(checksum, digits: 6) + [0, 0x20], at: 148)
        return block
    }
}
