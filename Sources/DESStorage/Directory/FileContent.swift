package import DESBase
import DESShard

/// Reading files whole or in part, a piece at a time. All calls block.
package enum FileContent {
    private static let pieceSize = 1 << 20

    /// The bytes of a range, fewer if the file ends before, and the file's size.
    static func read(_ path: String, _ range: Range<UInt64>) throws(SystemError) -> (bytes: [UInt8], size: UInt64) {
        try read(OpenFile(path), range)
    }

    static func read(
        _ file: OpenFile, _ range: Range<UInt64>
    ) throws(SystemError) -> (bytes: [UInt8], size: UInt64) {
        let size = UInt64(try file.status().size)
        let start = min(range.lowerBound, size)
        let count = Int(min(range.upperBound, size) - start)
        var failure: SystemError?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            do throws(SystemError) {
                let room = UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: count)
                filled = try file.read(into: room, at: Int64(start))
            } catch { failure = error }
        }
        if let failure { throw failure }
        return (bytes, size)
    }

    /// The CRC-32 of a whole file.
    package static func checksum(_ path: String) throws(SystemError) -> CRC32 {
        var crc = CRC32()
        try forEachPiece(OpenFile(path)) { crc.update($0) }
        return crc
    }

    /// Whether both files have the same bytes.
    package static func isEqual(_ left: String, _ right: String) throws(SystemError) -> Bool {
        let other = try OpenFile(right)
        let buffer = ByteBuffer(capacity: pieceSize)
        var offset: Int64 = 0
        var isEqual = true
        try forEachPiece(OpenFile(left)) { (piece) throws(SystemError) in
            guard isEqual else { return }
            buffer.removeAll()
            let room = UnsafeMutableRawBufferPointer(rebasing: buffer.reserve(piece.count).prefix(piece.count))
            buffer.commit(try other.read(into: room, at: offset))
            isEqual = buffer.bytes.elementsEqual(piece)
            offset += Int64(piece.count)
        }
        guard isEqual else { return false }
        return try other.status().size == offset
    }

    /// Writes a durable copy into a new file, and compares it by reading it again.
    ///
    /// - Returns: false if the copy is not what was read.
    static func copy(_ source: String, to copy: OpenFile) throws(SystemError) -> Bool {
        var crc = CRC32()
        try forEachPiece(OpenFile(source)) { (piece) throws(SystemError) in
            crc.update(piece)
            try copy.write(piece)
        }
        try copy.synchronize()
        var written = CRC32()
        try forEachPiece(copy) { written.update($0) }
        return written == crc
    }

    private static func forEachPiece(
        _ file: OpenFile, _ body: (UnsafeRawBufferPointer) throws(SystemError) -> Void
    ) throws(SystemError) {
        let buffer = ByteBuffer(capacity: pieceSize)
        var offset: Int64 = 0
        while true {
            buffer.removeAll()
            let count = try file.read(
                into: UnsafeMutableRawBufferPointer(rebasing: buffer.reserve(pieceSize).prefix(pieceSize)), at: offset
            )
            guard count > 0 else { return }
            buffer.commit(count)
            try body(buffer.bytes)
            offset += Int64(count)
        }
    }
}
