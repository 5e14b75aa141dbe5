import DESRouting
import NIOHTTP1

/// The headers of a request that make it conditional or partial, and what becomes of it (RFC 9110, section 13.2.2).
struct Preconditions: Equatable {
    /// What is answered.
    enum Outcome: Equatable {
        case whole
        case part(Range<UInt64>)
        case notModified
        case failed
        case unsatisfiable
    }

    private var ifMatch: String?
    private var ifNoneMatch: String?
    private var ifModifiedSince: String?
    private var ifUnmodifiedSince: String?
    private var ifRange: String?
    private var range: String?

    private var isEmpty: Bool {
        range == nil && ifNoneMatch == nil && ifModifiedSince == nil && ifMatch == nil && ifUnmodifiedSince == nil
    }

    /// Collects them, several headers of one name as one list.
    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            // Lengths first: most headers are none of these, and this is done for each request.
            switch name.utf8.count {
            case 5: if Self.isSame(name, "range") { range = Self.joined(range, value) }
            case 8:
                if Self.isSame(name, "if-match") {
                    ifMatch = Self.joined(ifMatch, value)
                } else if Self.isSame(name, "if-range") {
                    ifRange = Self.joined(ifRange, value)
                }
            case 13: if Self.isSame(name, "if-none-match") { ifNoneMatch = Self.joined(ifNoneMatch, value) }
            case 17: if Self.isSame(name, "if-modified-since") { ifModifiedSince = Self.joined(ifModifiedSince, value) }
            case 19:
                if Self.isSame(name, "if-unmodified-since") {
                    ifUnmodifiedSince = Self.joined(ifUnmodifiedSince, value)
                }
            default: break
            }
        }
    }

    /// Decides what is sent of a file.
    ///
    /// - Parameters:
    ///   - lastModified: to the second, as it stands in the answer; nil if none does.
    ///   - isHead: a `Range` is for GET only.
    func outcome(entityTag: String, lastModified: Timestamp?, size: UInt64, isHead: Bool) -> Outcome {
        if isEmpty { return .whole }
        if let ifMatch {
            if !EntityTags.list(ifMatch, contains: entityTag, .strong) { return .failed }
        } else if let lastModified, let limit = ifUnmodifiedSince.flatMap(HTTPDate.parse), lastModified > limit {
            return .failed
        }
        if let ifNoneMatch {
            if EntityTags.list(ifNoneMatch, contains: entityTag, .weak) { return .notModified }
        } else if let lastModified, let limit = ifModifiedSince.flatMap(HTTPDate.parse), lastModified <= limit {
            return .notModified
        }
        guard !isHead, let range, isRangeWanted(entityTag: entityTag, lastModified: lastModified) else { return .whole }
        return switch ByteRange(range, size: size) {
        case .whole: .whole
        case .part(let bytes): .part(bytes)
        case .unsatisfiable: .unsatisfiable
        }
    }

    private func isRangeWanted(entityTag: String, lastModified: Timestamp?) -> Bool {
        guard let ifRange else { return true }
        if ifRange == "\"\(entityTag)\"" { return true }
        guard let lastModified, let date = HTTPDate.parse(ifRange) else { return false }
        return date == lastModified
    }

    private static func joined(_ header: String?, _ value: String) -> String {
        header.map { $0 + "," + value } ?? value
    }

    private static func isSame(_ name: String, _ lowercased: StaticString) -> Bool {
        let expected = UnsafeBufferPointer(start: lowercased.utf8Start, count: lowercased.utf8CodeUnitCount)
        return zip(name.utf8, expected).allSatisfy { byte, expected in
            ((65...90).contains(byte) ? byte | 0x20 : byte) == expected
        }
    }
}
