import DESBase
import DESHTTPFront
import DESShard

/// The part of a request that says which file is meant.
enum FileQuery {
    /// The longest uid that a shard can hold, in bytes of UTF-8.
    static let maximumUIDLength = ShardFormat.maximumUIDLength

    /// The uid of a path.
    static func uid(_ encoded: Substring) throws(FileProblem) -> String {
        var encoded = encoded
        let decoded = encoded.withUTF8 { bytes in
            // What stands where a byte was that is not UTF-8: the HTTP decoder has mended what nobody can mend.
            bytes.contains(0xEF) && contains(bytes, replacement) ? nil : PercentCoding.text(bytes)
        }
        guard let decoded else { throw FileProblem(.badRequest, "the uid is not percent-encoded UTF-8") }
        guard decoded.utf8.count <= maximumUIDLength else {
            throw FileProblem(.badRequest, "the uid is longer than \(maximumUIDLength) bytes")
        }
        return decoded
    }

    /// The time of a query: the value of its one `created_at`.
    static func createdAt(_ query: Substring?) throws(FileProblem) -> Timestamp {
        var query = query ?? ""
        let result = query.withUTF8 { createdAt($0) }
        switch result {
        case .time(let time): return time
        case .twice: throw FileProblem(.badRequest, "created_at is given twice")
        case .missing: throw FileProblem(.badRequest, "created_at is missing: give the file's time as RFC 3339")
        case .plusIsBlank:
            throw FileProblem(
                .badRequest,
                "created_at has a + behind a date, which in a query may be a blank or an offset: write %20 for a blank and %2B for a +, as in 2024-01-02T00:00:00%2B02:00"
            )
        case .lostPlus:
            throw FileProblem(
                .badRequest,
                "created_at has a blank where the + of an offset was: write a + as %2B, as in 2024-01-02T03:04:05%2B02:00"
            )
        case .malformed:
            throw FileProblem(.badRequest, "created_at is not a time: expected RFC 3339, such as 2024-01-02T03:04:05Z")
        }
    }

    private enum Result { case time(Timestamp), missing, twice, malformed, plusIsBlank, lostPlus }

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
        return time(UnsafeBufferPointer(rebasing: query[value]))
    }

    /// A time, percent-encoded or not. A `+` is what it says before an offset, as in `…T00:00:00+00:00` sent as it stands, and a blank, as in
    /// forms, between date and time. What looks like an offset behind a date alone may be either, and is refused.
    private static func time(_ text: UnsafeBufferPointer<UInt8>) -> Result {
        let plus = text.firstIndex(of: UInt8(ascii: "+"))
        guard plus != nil || text.contains(UInt8(ascii: "%")) else {
            return Timestamp(parsingUTF8: text).map { .time($0) } ?? .malformed
        }
        guard let plus, plus == 10 && text[4] == UInt8(ascii: "-") || plus == 8 else {
            guard let decoded = PercentCoding.bytes(text) else { return .malformed }
            if let time = Timestamp(parsing: decoded) { return .time(time) }
            return hasLostPlus(decoded) ? .lostPlus : .malformed
        }
        var copy = Array(text)
        copy[plus] = UInt8(ascii: " ")
        guard let decoded = copy.withUnsafeBufferPointer({ PercentCoding.bytes($0) }) else {
            return .malformed
        }
        // Only a time with seconds, or with a zone of its own, is no offset.
        guard decoded.count - plus > "+02:00".utf8.count, let time = Timestamp(parsing: decoded) else {
            return .plusIsBlank
        }
        return .time(time)
    }

    /// Whether a blank behind date and time is followed by digits.
    private static func hasLostPlus(_ text: [UInt8]) -> Bool {
        guard let blank = text.dropFirst(11).lastIndex(of: 0x20), blank + 1 < text.count else { return false }
        return (48...57).contains(text[blank + 1])
    }

    private static func contains(_ bytes: UnsafeBufferPointer<UInt8>, _ sequence: [UInt8]) -> Bool {
        guard bytes.count >= sequence.count else { return false }
        return (0...(bytes.count - sequence.count)).contains { start in
            bytes[start..<(start + sequence.count)].elementsEqual(sequence)
        }
    }
}
