/// The scheme that a text begins with, if it has the form of a URI: `ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ) ":"` (RFC 3986,
/// section 3.1).
///
/// That form alone makes no URI of a file name: `a:b` is a file in the working directory to every program that opens it.
package struct URLScheme: Sendable {
    /// What the place of an object begins with, in lower case: `s3://bucket/key`.
    package static let s3 = "s3://"

    /// In lower case: schemes are compared without regard to it.
    package let name: String
    /// What follows the colon.
    package let rest: Substring

    /// - Returns: nil if the text does not begin with a scheme.
    package init?(beginning text: some StringProtocol) {
        let bytes = text.utf8
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), let first = bytes.first, Self.isLetter(first),
            bytes[..<colon].allSatisfy({ Self.isLetter($0) || Self.isOther($0) })
        else { return nil }
        name = String(decoding: bytes[..<colon].map { Self.isLetter($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
        rest = Substring(decoding: bytes[bytes.index(after: colon)...], as: UTF8.self)
    }

    /// Whether an authority follows: `//`.
    package var isFollowedBySlashes: Bool { rest.hasBytePrefix("//") }

    package var isFile: Bool { name.isByteEqual(to: "file") }

    /// Whether it is only a letter, as the drives of Windows are called, with a path behind it: `C:/folder`, `C:\folder`.
    package var isDrive: Bool { name.utf8.count == 1 && (rest.hasBytePrefix("/") || rest.hasBytePrefix("\\")) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) && byte >= UInt8(ascii: "A")
    }

    private static func isOther(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "+-.".utf8.contains(byte)
    }
}
