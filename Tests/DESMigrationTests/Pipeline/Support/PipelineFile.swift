import DESBase

/// A file of a test: its row in the catalog and what it holds.
struct PipelineFile: Sendable, Hashable {
    /// Of its row.
    let id: Int64
    let uid: String
    let createdAt: Timestamp
    let path: String
    let bytes: [UInt8]

    /// Bytes that are different for each seed and compress somewhat, but not to nothing.
    static func bytes(_ count: Int, seed: Int) -> [UInt8] {
        let period = 997
        var state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 | 1
        var piece: [UInt8] = []
        for _ in 0..<min(count, period) {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            piece.append(UInt8(truncatingIfNeeded: state >> 60) + 97)
        }
        var bytes: [UInt8] = []
        while bytes.count < count { bytes += piece.prefix(count - bytes.count) }
        return bytes
    }

    /// A moment of the test's day 0, 1, ….
    static func time(day: Int, second: Int) -> Timestamp {
        Timestamp(microsecondsSinceEpoch: (Int64(20_000 + day) * 86_400 + Int64(second)) * 1_000_000)
    }
}

extension PipelineFile {
    /// What an entry knows of a file: rows that are equal in it cannot be told apart in a shard.
    struct Content: Hashable, CustomStringConvertible {
        let uid: String
        let createdAt: Timestamp
        let bytes: [UInt8]

        var description: String { String(uid.prefix(80)) }
    }

    var content: Content { Content(uid: uid, createdAt: createdAt, bytes: bytes) }
}
