import DESBase

/// A key of HMAC-SHA256 (RFC 2104), ready for many messages.
struct MessageKey: Sendable {
    private let inner: [UInt8]
    private let outer: [UInt8]

    init(_ key: [UInt8]) {
        let short = key.count > 64 ? Digest.hash(.sha256, key) : key
        func padded(_ mask: UInt8) -> [UInt8] {
            var block = [UInt8](repeating: mask, count: 64)
            for index in short.indices { block[index] ^= short[index] }
            return block
        }
        inner = padded(0x36)
        outer = padded(0x5c)
    }

    /// - Parameter digest: a SHA-256 at its beginning; it is at its beginning again afterwards.
    func authenticate(_ message: [UInt8], _ digest: borrowing Digest) -> [UInt8] {
        inner.withUnsafeBytes { digest.update($0) }
        message.withUnsafeBytes { digest.update($0) }
        let first = digest.finishAndRestart()
        outer.withUnsafeBytes { digest.update($0) }
        first.withUnsafeBytes { digest.update($0) }
        return digest.finishAndRestart()
    }
}

extension Digest {
    /// HMAC-SHA256 (RFC 2104).
    static func hmac(key: [UInt8], _ message: some Sequence<UInt8>) -> [UInt8] {
        MessageKey(key).authenticate(Array(message), Digest(.sha256))
    }
}
