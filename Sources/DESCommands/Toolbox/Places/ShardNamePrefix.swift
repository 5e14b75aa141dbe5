import DESBase

/// The beginning of the names of shards, as it may stand behind a place: `20260131` or `2026-01-31` for a day, `202601` or
/// `2026-01` for a month, `2026` for a year, `20260131_7F` for the shards of one number of a day.
struct ShardNamePrefix: Equatable {
    let text: String

    /// - Returns: nil if no shard's name begins so.
    init?(_ name: some StringProtocol) {
        let parts = name.utf8.split(separator: UInt8(ascii: "_"), maxSplits: 1, omittingEmptySubsequences: false)
        guard let date = parts.first.map({ Array($0) }) else { return nil }
        let hasDashes = (date.count == 7 || date.count == 10) && date[4] == UInt8(ascii: "-")
        let isPlain = [4, 6, 8].contains(date.count)
        guard isPlain || hasDashes && (date.count == 7 || date[7] == UInt8(ascii: "-")) else { return nil }
        let digits = hasDashes ? date.filter { $0 != UInt8(ascii: "-") } : date
        guard digits.count % 2 == 0, digits.allSatisfy({ (48...57).contains($0) }) else { return nil }
        var text = String(decoding: digits, as: UTF8.self)
        if parts.count > 1 {
            guard digits.count == 8 else { return nil }
            text += "_" + String(decoding: parts[1], as: UTF8.self)
        }
        self.text = text
    }

    /// Whether it is the beginning of a name.
    func begins(_ name: String) -> Bool { name.hasBytePrefix(text) }
}
