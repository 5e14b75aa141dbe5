package import DESBase

/// One column's value of a catalog row, with the storage class that the database has it in: what is read can be
/// compared with the row again, exactly.
package enum CatalogValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    /// Bytes; also a text that is not valid UTF-8.
    case blob([UInt8])
    /// A moment, from a column of a date or time type; a time without zone is UTC.
    case time(Timestamp)
    /// A text or bytes beyond the limit of its column (``keyLimit``, ``metaLimit``), which were not kept.
    case tooLong(sizeInBytes: Int)

    /// The most bytes that a uid, time, location or size may have: no path and no key in object storage has as many.
    package static let keyLimit = 65_535
    /// The most bytes that a value of `meta_columns` may have.
    package static let metaLimit = 1 << 20

    /// The value as the text of a uid or a location: a text itself, an integer or a whole real as decimal digits, a blob
    /// if it is valid UTF-8, a moment in RFC 3339; nil for NULL and anything else. May be empty.
    package var uidText: String? {
        switch self {
        case .null, .tooLong: nil
        case .integer(let number): String(number)
        case .real(let number): Int64(exactly: number).map(String.init)
        case .text(let text): text
        case .blob(let bytes): String(validating: bytes, as: UTF8.self)
        case .time(let time): time.rfc3339
        }
    }

    /// Whether it is the text of a uid or a location, and not empty.
    package var hasText: Bool { uidText?.isEmpty == false }

    /// The moment that the value stands for, whatever form it is stored in; nil if it is none.
    ///
    /// A number that reads as a calendar date (`20240102`, `20240102030405`) is one, whether it is stored as text or as
    /// number: SQLite turns such a text into a number in a column declared `DATE` or `TIMESTAMP`.
    package var timestamp: Timestamp? {
        switch self {
        case .null, .tooLong: nil
        case .integer(let number): Timestamp(storedInteger: number)
        case .real(let number): Timestamp(storedReal: number)
        case .text(let text): Timestamp(parsing: text)
        case .blob(let bytes): Timestamp(parsing: bytes)
        case .time(let time): time
        }
    }

    /// The value as a whole number: an integer, a whole real, or a text of decimal digits with an optional sign.
    package var integerValue: Int64? {
        switch self {
        case .null, .time, .tooLong: nil
        case .integer(let number): number
        case .real(let number): Int64(exactly: number)
        case .text(let text): Int64(text)
        case .blob(let bytes): String(validating: bytes, as: UTF8.self).flatMap { Int64($0) }
        }
    }
}

extension CatalogValue {
    /// Texts are equal by their bytes: a row is still the one that was read only if nothing of it differs.
    package static func == (left: Self, right: Self) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.integer(let left), .integer(let right)): left == right
        case (.real(let left), .real(let right)): left == right
        case (.text(let left), .text(let right)): left.isByteEqual(to: right)
        case (.blob(let left), .blob(let right)): left == right
        case (.time(let left), .time(let right)): left == right
        case (.tooLong(let left), .tooLong(let right)): left == right
        default: false
        }
    }

    package func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0)
        case .integer(let number): hasher.combine(number)
        case .real(let number): hasher.combine(number)
        case .text(let text): hasher.combine(ByteString(text))
        case .blob(let bytes): hasher.combine(bytes)
        case .time(let time): hasher.combine(time)
        case .tooLong(let size): hasher.combine(size)
        }
    }

    /// The value, or that it is too long.
    package func limited(to limit: Int) -> CatalogValue {
        switch self {
        case .text(let text) where text.utf8.count > limit: .tooLong(sizeInBytes: text.utf8.count)
        case .blob(let bytes) where bytes.count > limit: .tooLong(sizeInBytes: bytes.count)
        default: self
        }
    }

    /// About how much memory it takes.
    package var memoryInBytes: Int {
        switch self {
        case .text(let text): 16 + text.utf8.count
        case .blob(let bytes): 48 + bytes.count
        default: 16
        }
    }
}

extension Timestamp {
    /// The moment that a real in a database column stands for: a whole one as the integer would, else an epoch number.
    package init?(storedReal number: Double) {
        if let whole = Int64(exactly: number) {
            self.init(storedInteger: whole)
        } else {
            self.init(epoch: number)
        }
    }
}
