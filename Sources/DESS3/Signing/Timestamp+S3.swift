package import DESBase

extension Timestamp {
    /// To the second, as signatures have it: `20130524T000000Z`.
    package var basicText: String {
        String(decoding: secondText.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: ":") }, as: UTF8.self)
    }

    /// To the second: `2013-05-24T00:00:00Z`.
    package var secondText: String { Timestamp(secondsSinceEpoch: secondsSinceEpoch).rfc3339 }

    /// To the second: `2013-05-24T00:00:00.000Z` or `20130524T000000Z`, with a fraction or without; nil if it is neither.
    package init?(s3Text text: String) {
        guard text.utf8.last == UInt8(ascii: "Z"), text.utf8.contains(UInt8(ascii: "T")),
            let time = Timestamp(parsing: text)
        else { return nil }
        self.init(secondsSinceEpoch: time.secondsSinceEpoch)
    }
}
