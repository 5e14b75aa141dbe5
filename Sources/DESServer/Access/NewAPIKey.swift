import DESBase
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
        let bytes = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        text = APIKeyConfiguration.keyPrefix + bytes.hexadecimal
        let hash = APIKeySet.digest(text).hexadecimal
        entry = """
              - id: "\(id)"
                hash: sha256:\(hash)
                read: true
            """
    }
}
