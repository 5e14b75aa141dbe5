import COpenSSL

/// A hash of OpenSSL over bytes that come in pieces.
package struct Digest: ~Copyable {
    package enum Algorithm {
        case sha256
        case md5

        /// In bytes.
        var size: Int { self == .sha256 ? 32 : 16 }
    }

    private let context: OpaquePointer?
    private let algorithm: Algorithm

    package init(_ algorithm: Algorithm) {
        self.algorithm = algorithm
        context = EVP_MD_CTX_new()
        EVP_DigestInit_ex(context, algorithm == .sha256 ? EVP_sha256() : EVP_md5(), nil)
    }

    deinit { EVP_MD_CTX_free(context) }

    package func update(_ bytes: UnsafeRawBufferPointer) { EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }

    /// Ends it and begins the next one with the same memory.
    func finishAndRestart() -> [UInt8] {
        defer { EVP_DigestInit_ex(context, nil, nil) }
        return result()
    }

    /// Ends it.
    package consuming func finish() -> [UInt8] { result() }

    private func result() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: algorithm.size) { buffer, count in
            EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            count = algorithm.size
        }
    }

    /// The hash of some bytes.
    static func hash(_ algorithm: Algorithm, _ bytes: some Sequence<UInt8>) -> [UInt8] {
        let digest = Digest(algorithm)
        let known: Void? = bytes.withContiguousStorageIfAvailable { digest.update(UnsafeRawBufferPointer($0)) }
        if known == nil { Array(bytes).withUnsafeBytes { digest.update($0) } }
        return digest.finish()
    }

    /// HMAC-SHA256 (RFC 2104).
    static func hmac(key: [UInt8], _ message: some Sequence<UInt8>) -> [UInt8] {
        let digest = Digest(.sha256)
        return MessageKey(key).authenticate(Array(message), digest)
    }
}

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

extension [UInt8] {
    /// Two lower-case digits a byte.
    package var hexadecimal: String {
        var text: [UInt8] = []
        text.reserveCapacity(2 * count)
        appendHexadecimal(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    func appendHexadecimal(to text: inout [UInt8]) {
        for byte in self {
            text.append(Self.digit(byte >> 4))
            text.append(Self.digit(byte & 15))
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

    /// RFC 4648, with padding.
    package var base64: String {
        let alphabet = Array<UInt8>("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: count, by: 3) {
            let group = self[start..<Swift.min(start + 3, count)]
            let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * (3 - UInt32(group.count)))
            for index in 0..<4 {
                text.append(
                    index > group.count ? UInt8(ascii: "=") : alphabet[Int(bits >> (18 - 6 * UInt32(index)) & 63)])
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
