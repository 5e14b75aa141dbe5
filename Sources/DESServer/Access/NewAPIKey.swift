import DESConfiguration

/// A key that was just made: the only time that it is seen.
package struct NewAPIKey: Sendable {
    /// What a client sends.
    package let text: String
    /// What the file of the keys says of it.
    package let entry: String

    /// Makes a key of 32 random bytes.
    ///
    /// - Parameter generator: must be one for secrets; that of the system is.
    package init(id: String, using generator: inout some RandomNumberGenerator) {
        var hexadecimal = ""
        for _ in 0..<32 { hexadecimal += Self.twoDigits(UInt8.random(in: .min ... .max, using: &generator)) }
        text = APIKeyConfiguration.keyPrefix + hexadecimal
        let hash = APIKeySet.digest(text).map(Self.twoDigits).joined()
        entry = """
              - id: "\(id)"
                hash: sha256:\(hash)
                read: true
            """
    }

    private static func twoDigits(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return byte < 16 ? "0" + digits : digits
    }
}
