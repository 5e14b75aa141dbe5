import DESBase
package import DESCatalog

/// Half of the SHA-256 of a row's uid, time and location: it tells rows apart in 16 bytes, whatever they contain and
/// whatever database keeps it.
///
/// The values count as what they stand for, not as how they are stored: the text `7` is the number 7, and a moment is the
/// same in every form.
package struct RowIdentity: Hashable, Sendable, Comparable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package init(_ key: RowKey) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(160)
        Self.append(key.uid, to: &bytes)
        if let time = key.createdAt.timestamp {
            Self.append(3, withUnsafeBytes(of: time.microsecondsSinceEpoch.littleEndian, Array.init), to: &bytes)
        } else {
            Self.append(key.createdAt, to: &bytes)
        }
        Self.append(key.location, to: &bytes)
        self.init(bytes: Digest.hash(.sha256, bytes))
    }

    /// From at least 16 bytes, the highest first.
    package init(bytes: [UInt8]) {
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The 16 bytes, the highest first.
    package var bytes: [UInt8] {
        withUnsafeBytes(of: high.bigEndian, Array.init) + withUnsafeBytes(of: low.bigEndian, Array.init)
    }

    package static func < (left: RowIdentity, right: RowIdentity) -> Bool {
        left.high == right.high ? left.low < right.low : left.high < right.high
    }

    private static func append(_ value: CatalogValue, to bytes: inout [UInt8]) {
        switch value {
        case .null: append(0, [], to: &bytes)
        case .blob(let blob) where value.uidText == nil: append(2, blob, to: &bytes)
        default: append(1, Array((value.uidText ?? "\(value)").utf8), to: &bytes)
        }
    }

    /// With kind and length before it, so that no two rows give the same bytes.
    private static func append(_ kind: UInt8, _ content: [UInt8], to bytes: inout [UInt8]) {
        bytes.append(kind)
        withUnsafeBytes(of: UInt64(content.count).littleEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: content)
    }
}
