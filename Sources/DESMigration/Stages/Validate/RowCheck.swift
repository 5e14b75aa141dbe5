import DESCatalog
import DESRouting

/// What a row says, if it says enough.
struct CheckedRow: Sendable, Hashable {
    /// Bytes of UTF-8 that the shard format holds as a uid.
    static let maximumUIDLength = 65_535

    let uid: String
    let createdAt: Timestamp
    let location: String
    /// In bytes; nil if the catalog has none.
    let size: Int64?

    /// - Parameter hasSizes: whether the catalog has a size column, which then must hold a size or NULL.
    /// - Throws: `SourceError` that says what the row lacks.
    init(_ row: CatalogRow, hasSizes: Bool) throws(SourceError) {
        func invalid(_ message: String) -> SourceError { SourceError(.invalidRow, message + "; left unmarked") }
        guard let uid = row.key.uid.uidText, !uid.isEmpty else {
            throw invalid("the row has no uid (it is \(row.key.uid.shown))")
        }
        guard uid.utf8.count <= Self.maximumUIDLength else {
            throw SourceError(
                .uidTooLong,
                "the uid has \(uid.utf8.count) bytes, a shard holds at most \(Self.maximumUIDLength); left unmarked"
            )
        }
        if case .blob = row.key.location, row.key.location.uidText == nil {
            throw SourceError(
                .unsupportedLocation,
                "the location \(row.key.location.shown) is no UTF-8, and DES reads no such file; left unmarked")
        }
        guard let location = row.key.location.uidText, !location.isEmpty else {
            throw invalid("the row has no location (it is \(row.key.location.shown))")
        }
        guard let createdAt = row.key.createdAt.timestamp else {
            throw invalid("the row has no readable time (it is \(row.key.createdAt.shown))")
        }
        if hasSizes, row.size != .null {
            guard let size = row.size.integerValue, size >= 0 else {
                throw invalid("the size \(row.size.shown) is not a number of bytes")
            }
            self.size = size
        } else {
            size = nil
        }
        self.uid = uid
        self.createdAt = createdAt
        self.location = location
    }
}

extension CatalogValue {
    /// The value for messages, texts in quotes.
    fileprivate var shown: String {
        if case .text(let text) = self { String(text.prefix(200)).debugDescription } else { display }
    }
}
