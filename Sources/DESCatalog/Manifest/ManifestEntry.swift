import FoundationEssentials

/// One entry of a JSON manifest: `{"uid", "created_at", "size_bytes", "source_path"}`, other keys ignored.
///
/// Decoding it never fails: a value of the wrong type becomes null and a problem, so that one bad entry does not stop
/// the others.
struct ManifestEntry: Decodable {
    let uid: CatalogValue
    let createdAt: CatalogValue
    let size: CatalogValue
    let location: CatalogValue
    /// What is wrong with the entry, as in `uid: expected a text or a whole number`.
    let problems: [String]

    private enum CodingKeys: String, CodingKey {
        case uid
        case createdAt = "created_at"
        case size = "size_bytes"
        case location = "source_path"
    }

    init(from decoder: any Decoder) {
        guard let values = try? decoder.container(keyedBy: CodingKeys.self) else {
            uid = .null
            createdAt = .null
            size = .null
            location = .null
            problems = ["expected an object with uid, created_at, size_bytes and source_path"]
            return
        }
        var problems: [String] = []
        func value(
            _ key: CodingKeys, expected: String, isRequired: Bool = true, accepts: (CatalogValue) -> Bool
        ) -> CatalogValue {
            let value = Self.value(of: key, in: values)
            if let value, accepts(value) { return value }
            if value == .null && !isRequired { return .null }
            problems.append("\(key.rawValue): expected \(expected)")
            return .null
        }
        uid = value(.uid, expected: "a text that is not empty, or a whole number") { $0.uidText?.isEmpty == false }
        createdAt = value(.createdAt, expected: "a time such as 2024-01-02T03:04:05Z") { $0.timestamp != nil }
        size = value(.size, expected: "a whole number of bytes, or nothing", isRequired: false) {
            $0.integerValue.map { $0 >= 0 } ?? false
        }
        location = value(.location, expected: "a path or s3://bucket/key") {
            if case .text(let text) = $0 { !text.isEmpty } else { false }
        }
        self.problems = problems
    }

    /// `.null` if the key is missing or null; nil if it holds something else than a text or a number.
    private static func value(of key: CodingKeys, in values: KeyedDecodingContainer<CodingKeys>) -> CatalogValue? {
        guard values.contains(key), (try? values.decodeNil(forKey: key)) == false else { return .null }
        if let text = try? values.decode(String.self, forKey: key) { return .text(text) }
        if let number = try? values.decode(Int64.self, forKey: key) { return .integer(number) }
        // A uid may be a number of more digits than fit: its text is exact up to 38 of them.
        if let number = try? values.decode(Decimal.self, forKey: key), number.description.allSatisfy(\.isNumber) {
            return .text(number.description)
        }
        if let number = try? values.decode(Double.self, forKey: key) { return .real(number) }
        return nil
    }
}
