import DESHTTPFront
import NIOHTTP1

/// The headers of a request that make it conditional or partial, and what becomes of it (RFC 9110, section 13.2.2).
///
/// Of a stored file nobody knows when its bytes were last changed: `created_at` is the catalog's, and stays the same when other bytes are packed
/// for the same uid. So answers have no `Last-Modified` (section 8.8.2), and conditions that name a date, in whatever form, are ignored
/// (sections 13.1.3 and 13.1.4) or, in `If-Range`, do not hold (section 13.1.5).
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
    private var ifRange: String?
    private var range: String?

    private var isEmpty: Bool { range == nil && ifNoneMatch == nil && ifMatch == nil }

    /// Collects them, several headers of one name as one list.
    init(_ headers: HTTPHeaders) {
        for (name, value) in headers {
            // Lengths first: most headers are none of these, and this is done for each request.
            switch name.utf8.count {
            case 5: if FieldText.isSame(name, "range") { range = Self.joined(range, value) }
            case 8:
                if FieldText.isSame(name, "if-match") {
                    ifMatch = Self.joined(ifMatch, value)
                } else if FieldText.isSame(name, "if-range") {
                    ifRange = Self.joined(ifRange, value)
                }
            case 13: if FieldText.isSame(name, "if-none-match") { ifNoneMatch = Self.joined(ifNoneMatch, value) }
            default: break
            }
        }
    }

    /// Decides what is sent of a file.
    ///
    /// - Parameters:
    ///   - isHead: a `Range` is for GET only.
    func outcome(entityTag: String, size: UInt64, isHead: Bool) -> Outcome {
        if isEmpty { return .whole }
        if let ifMatch, !EntityTags.list(ifMatch, contains: entityTag, .strong) { return .failed }
        if let ifNoneMatch, EntityTags.list(ifNoneMatch, contains: entityTag, .weak) { return .notModified }
        guard !isHead, let range, ifRange.map({ $0 == "\"\(entityTag)\"" }) ?? true else { return .whole }
        return switch ByteRange(range, size: size) {
        case .whole: .whole
        case .part(let bytes): .part(bytes)
        case .unsatisfiable: .unsatisfiable
        }
    }

    private static func joined(_ header: String?, _ value: String) -> String {
        header.map { $0 + "," + value } ?? value
    }
}
