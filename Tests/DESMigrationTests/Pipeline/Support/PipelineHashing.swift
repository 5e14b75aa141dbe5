import DESBase
import DESShard

extension SHA256 {
    /// Of all of the bytes, in lower-case hexadecimal.
    static func hex(of bytes: [UInt8]) -> String {
        let hash = SHA256()
        bytes.withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }
}

extension CRC32 {
    init(of bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { CRC32(of: $0) }
    }
}
