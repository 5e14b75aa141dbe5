import COpenSSL
import DESBase
package import DESConfiguration

/// Keys by what they hash to.
package struct APIKeySet: Sendable {
    /// In the order of the file.
    let keys: [APIKeyConfiguration]
    /// One behind the other.
    private let digests: [UInt8]
    private let positions: [String: Int]

    private static let digestSize = 32
    /// Longer ones are not hashed at all; ours have 68 bytes.
    private static let longestKey = 512

    /// No two keys have the same id or hash.
    package init(_ keys: [APIKeyConfiguration]) {
        let keys = keys.filter { $0.digest.count == Self.digestSize }
        self.keys = keys
        digests = keys.flatMap(\.digest)
        positions = Dictionary(keys.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The key of that id, if it is still there.
    func key(id: String) -> APIKeyConfiguration? { positions[id].map { keys[$0] } }

    /// The key that somebody presents; nil if it is none of ours.
    ///
    /// A fast hash is right here: our keys are 32 random bytes, which nobody finds by trying, unlike passwords.
    func key(presented text: String) -> APIKeyConfiguration? {
        guard text.utf8.count <= Self.longestKey else { return nil }
        let digest = Self.digest(text)
        // All of them are compared, each in constant time, so that the time tells nothing of which one was near.
        var found = -1
        digests.withUnsafeBytes { all in
            digest.withUnsafeBytes { wanted in
                for position in keys.indices {
                    let candidate = UnsafeRawBufferPointer(
                        rebasing: all[position * Self.digestSize..<(position + 1) * Self.digestSize])
                    let difference = CRYPTO_memcmp(candidate.baseAddress, wanted.baseAddress, Self.digestSize)
                    // All bits set where it is equal; CRYPTO_memcmp gives 0…255.
                    let mask = (Int(difference) - 1) >> 8
                    found = found & ~mask | position & mask
                }
            }
        }
        return found < 0 ? nil : keys[found]
    }

    /// SHA-256 of the key's text.
    static func digest(_ text: String) -> [UInt8] {
        Digest.hash(.sha256, text.utf8)
    }
}
