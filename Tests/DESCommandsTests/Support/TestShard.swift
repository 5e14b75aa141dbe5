/// Shards made by hand from the description of the format (DES2, version 2), whatever their entries are called.
struct TestShard {
    private(set) var data = Array("DES2".utf8) + [2, 0, 0, 0]
    private var index: [UInt8] = []
    private var count: UInt32 = 0
    /// Where the bytes of each entry begin.
    private(set) var offsets: [String: Int] = [:]

    /// Adds a file that is stored as it is.
    mutating func add(_ uid: String, _ contents: String, createdAt: String = "2024-01-02T03:04:05Z") {
        let bytes = Array(contents.utf8)
        offsets[uid] = data.count
        begin(uid, flags: 0)
        append(UInt64(data.count), UInt64(bytes.count))
        index.append(0)
        append(UInt64(bytes.count), UInt64(bytes.count))
        addMeta(#"{"created_at":"\#(createdAt)","crc32":"\#(Self.crc32(bytes))"}"#)
        data += bytes
    }

    /// Adds a file that is stored as it is, without a checksum.
    mutating func add(_ uid: String, bytes: [UInt8]) {
        offsets[uid] = data.count
        begin(uid, flags: 0)
        append(UInt64(data.count), UInt64(bytes.count))
        index.append(0)
        append(UInt64(bytes.count), UInt64(bytes.count))
        addMeta("")
        data += bytes
    }

    /// Adds a file that is stored beside the shard.
    mutating func addBigFile(_ uid: String, sha256: String, size: UInt64) {
        begin(uid, flags: 1)
        appendLittleEndian(UInt16(sha256.utf8.count))
        index += Array(sha256.utf8)
        append(size)
        addMeta("")
    }

    /// The whole shard.
    var bytes: [UInt8] {
        let index = Self.littleEndian(count) + index
        return data + index + Array("DESI".utf8) + Self.littleEndian(UInt64(index.count))
    }

    private mutating func begin(_ uid: String, flags: UInt8) {
        count += 1
        appendLittleEndian(UInt16(uid.utf8.count))
        index += Array(uid.utf8) + [flags]
    }

    private mutating func addMeta(_ meta: String) {
        appendLittleEndian(UInt32(meta.utf8.count))
        index += Array(meta.utf8)
    }

    private mutating func append(_ numbers: UInt64...) { numbers.forEach { appendLittleEndian($0) } }

    private mutating func appendLittleEndian(_ number: some FixedWidthInteger) { index += Self.littleEndian(number) }

    private static func littleEndian(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    /// As 8 hexadecimal digits; zlib's polynomial, a bit at a time.
    private static func crc32(_ bytes: [UInt8]) -> String {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        let hex = String(~crc, radix: 16)
        return String(repeating: "0", count: 8 - hex.count) + hex
    }
}
