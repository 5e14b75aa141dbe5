/// How a payload is stored in a shard; the raw value is the byte in the format.
public enum Codec: UInt8, Sendable, Hashable, CaseIterable, CustomStringConvertible {
    /// The bytes themselves.
    case none = 0
    /// One Zstandard frame.
    case zstd = 1
    /// One LZ4 frame (LZ4F), not a raw block.
    case lz4 = 2

    /// `none`, `zstd` or `lz4`.
    public var description: String {
        switch self {
        case .none: "none"
        case .zstd: "zstd"
        case .lz4: "lz4"
        }
    }
}
