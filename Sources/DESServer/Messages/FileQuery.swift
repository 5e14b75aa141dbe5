import DESRetrieval
import DESRouting

/// The part of a request that says which file is meant.
enum FileQuery {
    /// Why a request cannot be understood; shown to the client.
    struct Problem: Error, Equatable {
        let detail: String
    }

    /// The longest uid that a shard can hold, in bytes of UTF-8.
    static let maximumUIDLength = 65_535

    /// The uid of a path.
    static func uid(_ encoded: Substring) throws(Problem) -> String {
        var encoded = encoded
        let decoded = encoded.withUTF8 { bytes in
            // What stands where a byte was that is not UTF-8: the HTTP decoder has mended what nobody can mend.
            bytes.contains(0xEF) && contains(bytes, replacement) ? nil : PercentEncoding.decode(bytes)
        }
        guard let decoded else { throw Problem(detail: "the uid is not percent-encoded UTF-8") }
        guard decoded.utf8.count <= maximumUIDLength else {
            throw Problem(detail: "the uid is longer than \(maximumUIDLength) bytes")
        }
        return decoded
    }

    /// The time of a query: the value of its one `created_at`.
    static func createdAt(_ query: Substring?) throws(Problem) -> Timestamp {
        var query = query ?? ""
        let result = query.withUTF8 { createdAt($0) }
        switch result {
        case .time(let time): return time
        case .twice: throw Problem(detail: "created_at is given twice")
        case .missing: throw Problem(detail: "created_at is missing: give the file's time as RFC 3339")
        case .malformed:
            throw Problem(detail: "created_at is not a time: expected RFC 3339, such as 2024-01-02T03:04:05Z")
        }
    }

    private enum Result { case time(Timestamp), missing, twice, malformed }

    private static let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
    private static let name = Array("created_at=".utf8)

    /// By hand over bytes: this is done for each request.
    private static func createdAt(_ query: UnsafeBufferPointer<UInt8>) -> Result {
        var value: Range<Int>?
        var start = 0
        while start < query.count {
            let end = query[start...].firstIndex(of: UInt8(ascii: "&")) ?? query.count
            if end - start >= name.count, query[start..<(start + name.count)].elementsEqual(name) {
                guard value == nil else { return .twice }
                value = (start + name.count)..<end
            }
            start = end + 1
        }
        guard let value else { return .missing }
        return time(UnsafeBufferPointer(rebasing: query[value])).map { .time($0) } ?? .malformed
    }

    /// A time, percent-encoded or not. A `+` is what it says before a zone, as in `…T00:00:00+00:00` sent as it stands,
    /// and a blank, as in forms, between date and time.
    private static func time(_ text: UnsafeBufferPointer<UInt8>) -> Timestamp? {
        let plus = text.firstIndex(of: UInt8(ascii: "+"))
        guard plus != nil || text.contains(UInt8(ascii: "%")) else { return Timestamp(parsingUTF8: text) }
        guard let plus, plus == 10 && text[4] == UInt8(ascii: "-") || plus == 8 else {
            return PercentEncoding.decodedBytes(text).flatMap { Timestamp(parsing: $0) }
        }
        var copy = Array(text)
        copy[plus] = UInt8(ascii: " ")
        return copy.withUnsafeBufferPointer { PercentEncoding.decodedBytes($0) }.flatMap { Timestamp(parsing: $0) }
    }

    private static func contains(_ bytes: UnsafeBufferPointer<UInt8>, _ sequence: [UInt8]) -> Bool {
        guard bytes.count >= sequence.count else { return false }
        return (0...(bytes.count - sequence.count)).contains { start in
            bytes[start..<(start + sequence.count)].elementsEqual(sequence)
        }
    }
}
