import DESBase
import Foundation

/// The meta of an entry: a JSON object, in which `created_at` and `crc32` are ours and every other key is the user's.
public struct EntryMeta: Sendable, Hashable {
    struct Failure: Error {
        let message: String
    }

    /// The object as it is stored; empty if there is none.
    public let json: String
    /// Of the uncompressed bytes.
    public let crc32: CRC32?
    private let time: Time

    /// Where `created_at` stands.
    private enum Time: Sendable, Hashable {
        case none, text(String)
        /// So many bytes of the object, where ``append(to:createdAt:crc32:moreMembers:)`` puts them.
        case inObject(Int)
    }

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
            time = .none
            crc32 = nil
            return
        }
        guard let object = (try? JSONSerialization.jsonObject(with: Data(bytes))) as? [String: Any] else {
            throw Failure(message: "the meta is not a JSON object")
        }
        time = (object["created_at"] as? String).map { .text($0) } ?? .none
        if let hex = object["crc32"] {
            guard let hex = hex as? String, let parsed = CRC32(hex: hex) else {
                throw Failure(message: "expected 8 hexadecimal digits as crc32 in the meta")
            }
            crc32 = parsed
        } else {
            crc32 = nil
        }
    }

    private init(json: String, timeLength: Int, crc32: CRC32) {
        self.json = json
        time = .inObject(timeLength)
        self.crc32 = crc32
    }

    /// RFC 3339 in UTC, as stored.
    public var createdAt: String? { withCreatedAt { String(decoding: $0, as: UTF8.self) } }

    /// False if there surely are no members but ours.
    package var mayHaveMoreMembers: Bool { if case .inObject = time { false } else { true } }

    /// Calls `body` with the UTF-8 bytes of ``createdAt``, if there is one.
    package func withCreatedAt<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result? {
        switch time {
        case .none: return nil
        case .text(var text): return text.withUTF8(body)
        case .inObject(let length):
            var json = json
            let start = Self.prefix.utf8CodeUnitCount
            return json.withUTF8 { body(UnsafeBufferPointer(rebasing: $0[start..<(start + length)])) }
        }
    }

    private static let prefix: StaticString = #"{"created_at":""#
    private static let infix: StaticString = #"","crc32":""#
    private static let suffix: StaticString = #""}"#

    /// Appends the meta of a new entry: `{"created_at":"…","crc32":"…"` and the user's members, if any.
    ///
    /// - Parameters:
    ///   - createdAt: RFC 3339 in UTC; plain ASCII without quotes.
    ///   - moreMembers: JSON text of further members, each with a comma before it, or nothing.
    package static func append(
        to output: ByteBuffer, createdAt: UnsafeRawBufferPointer, crc32: CRC32, moreMembers: UnsafeRawBufferPointer
    ) {
        output.append(prefix.bytes)
        output.append(createdAt)
        output.append(infix.bytes)
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
        let (prefix, infix, suffix) = (prefix.bytes, infix.bytes, suffix.bytes)
        let fixed = prefix.count + infix.count + 8 + suffix.count
        let timeLength = bytes.count - fixed
        guard (20...27).contains(timeLength) else { return nil }
        let afterTime = prefix.count + timeLength
        let hexStart = afterTime + infix.count
        func part(_ range: Range<Int>) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: bytes[range]) }
        guard part(0..<prefix.count).hasSameBytes(as: prefix), part(afterTime..<hexStart).hasSameBytes(as: infix),
            part((hexStart + 8)..<bytes.count).hasSameBytes(as: suffix),
            part(prefix.count..<afterTime).allSatisfy({ (43...90).contains($0) })
        else { return nil }
        var value: UInt32 = 0
        for byte in part(hexStart..<(hexStart + 8)) {
            let digit: UInt8
            switch byte {
            case 48...57: digit = byte - 48
            case 97...102: digit = byte - 87
            default: return nil
            }
            value = value << 4 | UInt32(digit)
        }
        return EntryMeta(
            json: String(decoding: bytes, as: UTF8.self), timeLength: timeLength, crc32: CRC32(value: value))
    }
}

extension StaticString {
    fileprivate var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}
