import COpenSSL

/// A hash of libcrypto over bytes that come in pieces: the one place that calls it.
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
    package borrowing func finishAndRestart() -> [UInt8] {
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
    package static func hash(_ algorithm: Algorithm, _ bytes: some Sequence<UInt8>) -> [UInt8] {
        let digest = Digest(algorithm)
        let known: Void? = bytes.withContiguousStorageIfAvailable { digest.update(UnsafeRawBufferPointer($0)) }
        if known == nil { Array(bytes).withUnsafeBytes { digest.update($0) } }
        return digest.finish()
    }
}
