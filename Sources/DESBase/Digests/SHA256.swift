/// SHA-256 over pieces of any size, as the 64 lower-case hexadecimal digits that big files are named by.
package final class SHA256 {
    private let digest = Digest(.sha256)

    package init() {}

    package func update(_ bytes: UnsafeRawBufferPointer) { digest.update(bytes) }

    /// Ends the computation and gives 64 lower-case hexadecimal digits; what follows is the next one.
    package func finish() -> String { digest.finishAndRestart().hexadecimal }

    package static func isHash(_ text: some StringProtocol) -> Bool {
        text.utf8.count == 64 && text.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
    }
}
