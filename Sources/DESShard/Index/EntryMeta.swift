import Foundation

/// The meta of an entry: a JSON object, in which `created_at` and `crc32` are ours and every other key is the user's.
public struct EntryMeta: Sendable, Hashable {
    struct Failure: Error {
        let message: String
    }

    /// The object as it is stored; empty if there is none.
    public let json: String
    /// RFC 3339 in UTC, as stored.
    public let createdAt: String?
    /// Of the uncompressed bytes.
    public let crc32: CRC32?

    init(parsing bytes: UnsafeRawBufferPointer) throws(Failure) {
        if let fast = Self.ours(bytes) {
            self = fast
            return
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(message: "the meta is not valid UTF-8")
        }
        json = text
        guard !bytes.isEmpty else {
            createdAt = nil
            crc32 = nil
            return
        }
        guard let object = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] else {
            throw Failure(message: "the meta is not a JSON object")
        }
        createdAt = object["created_at"] as? String
        if let hex = object["crc32"] {
            guard let hex = hex as? String, let parsed = CRC32(hex: hex) else {
                throw Failure(message: "expected 8 hexadecimal digits as crc32 in the meta")
            }
            crc32 = parsed
        } else {
            crc32 = nil
        }
    }

    private init(json: String, createdAt: String, crc32: CRC32) {
        self.json = json
        self.createdAt = createdAt
        self.crc32 = crc32
    }

    private static let prefix = Array(#"{"created_at":""#.utf8)
    private static let infix = Array(#"","crc32":""#.utf8)
    private static let suffix = Array(#""}"#.utf8)

    /// Appends the meta of a new entry: `{"created_at":"…","crc32":"…"` and the user's members, if any.
    ///
    /// - Parameters:
    ///   - createdAt: RFC 3339 in UTC; plain ASCII without quotes.
    ///   - moreMembers: JSON text of further members, each with a comma before it, or nothing.
    package static func append(
        to output: ByteBuffer, createdAt: UnsafeRawBufferPointer, crc32: CRC32, moreMembers: UnsafeRawBufferPointer
    ) {
        prefix.withUnsafeBytes { output.append($0) }
        output.append(createdAt)
        infix.withUnsafeBytes { output.append($0) }
        let room = output.reserve(8)
        for position in 0..<8 {
            let digit = UInt8((crc32.value >> UInt32(28 - position * 4)) & 15)
            room[position] = digit < 10 ? 48 + digit : 87 + digit
        }
        output.commit(8)
        output.append(littleEndian: UInt8(ascii: "\""))
        output.append(moreMembers)
        output.append(littleEndian: UInt8(ascii: "}"))
    }

    /// Reads just what `append` writes without further members; nil for anything else.
    private static func ours(_ bytes: UnsafeRawBufferPointer) -> EntryMeta? {
        let fixed = prefix.count + infix.count + 8 + suffix.count
        let timeLength = bytes.count - fixed
        guard (20...27).contains(timeLength) else { return nil }
        let time = bytes[prefix.count..<(prefix.count + timeLength)]
        let afterTime = prefix.count + timeLength
        let hex = bytes[(afterTime + infix.count)..<(afterTime + infix.count + 8)]
        guard bytes.starts(with: prefix), bytes[afterTime...].starts(with: infix),
            bytes[(bytes.count - suffix.count)...].elementsEqual(suffix),
            time.allSatisfy({ (43...90).contains($0) })
        else { return nil }
        var value: UInt32 = 0
        for byte in hex {
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 97...102: digit = byte - 87
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return EntryMeta(
            json: String(decoding: bytes, as: UTF8.self),
            createdAt: String(decoding: time, as: UTF8.self),
            crc32: CRC32(value: value)
        )
    }
}
