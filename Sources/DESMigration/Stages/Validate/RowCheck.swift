import DESBase
import DESCatalog
import DESShard

/// What a row says, if it says enough.
struct CheckedRow: Sendable, Hashable {
    let uid: String
    let createdAt: Timestamp
    let location: String
    /// In bytes; nil if the catalog has none.
    let size: Int64?

    /// - Throws: `SourceError` that says what the row lacks.
    init(_ row: CatalogRow) throws(SourceError) {
        func invalid(_ message: String) -> SourceError { SourceError(.invalidRow, message + "; left unmarked") }
        if case .tooLong(let size) = row.key.uid { throw Self.uidTooLong(size) }
        guard let uid = row.key.uid.uidText, !uid.isEmpty else {
            throw invalid("the row has no uid (it is \(row.key.uid.shown))")
        }
        guard uid.utf8.count <= ShardFormat.maximumUIDLength else {
            throw Self.uidTooLong(uid.utf8.count)
        }
        let location = try Self.location(row.key.location, invalid)
        guard let createdAt = row.key.createdAt.timestamp else {
            throw invalid("the row has no readable time (it is \(row.key.createdAt.shown))")
        }
        if row.size != .null {
            guard let size = row.size.integerValue, size >= 0 else {
                throw invalid("the size \(row.size.shown) is not a number of bytes")
            }
            self.size = size
        } else {
            size = nil
        }
        for case .tooLong(let size) in row.meta {
            throw invalid(
                "a value of meta_columns has \(size) bytes, and \(CatalogValue.metaLimit) is the most that is kept")
        }
        self.uid = uid
        self.createdAt = createdAt
        self.location = location
    }

    private static func location(
        _ value: CatalogValue, _ invalid: (String) -> SourceError
    ) throws(SourceError) -> String {
        switch value {
        case .tooLong(let size):
            throw invalid("the location has \(size) bytes, and no path or key in S3 has more than a few thousand")
        case .blob where value.uidText == nil:
            throw SourceError(
                .unsupportedLocation,
                "the location \(value.shown) is no UTF-8, and DES reads no such file; left unmarked")
        default: break
        }
        guard let location = value.uidText, !location.isEmpty else {
            throw invalid("the row has no location (it is \(value.shown))")
        }
        return location
    }

    private static func uidTooLong(_ size: Int) -> SourceError {
        SourceError(
            .uidTooLong,
            "the uid has \(size) bytes, a shard holds at most \(ShardFormat.maximumUIDLength); left unmarked")
    }
}

extension CatalogValue {
    /// The value for messages, texts in quotes.
    fileprivate var shown: String {
        if case .text(let text) = self { String(text.prefix(200)).debugDescription } else { display }
    }
}
