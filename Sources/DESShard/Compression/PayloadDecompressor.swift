import CLZ4
import CZstd

/// Turns stored payloads back, with reused contexts; one task uses it at a time.
package final class PayloadDecompressor {
    /// What was wrong with a payload.
    struct Failure: Error {
        let message: String
    }

    /// What is allocated at once on the word of an entry; a larger claim has to prove itself piece by piece.
    private static let trustedSize = 1 << 20

    private let zstd = ZSTD_createDCtx()
    private var lz4: OpaquePointer?

    package init() {
        LZ4F_createDecompressionContext(&lz4, UInt32(LZ4F_VERSION))
    }

    deinit {
        ZSTD_freeDCtx(zstd)
        LZ4F_freeDecompressionContext(lz4)
    }

    /// Appends the original bytes to the buffer: exactly `size` of them, or an error.
    func append(_ stored: UnsafeRawBufferPointer, codec: Codec, size: Int, to output: ByteBuffer) throws(Failure) {
        switch codec {
        case .none:
            output.append(stored)
        case .zstd where size <= max(Self.trustedSize, stored.count * 8):
            try decodeZstd(stored, to: UnsafeMutableRawBufferPointer(rebasing: output.reserve(size).prefix(size)))
            output.commit(size)
        case .zstd:
            try appendPieces(size: size, to: output) { room throws(Failure) in try self.zstdPiece(stored, into: room) }
        case .lz4:
            LZ4F_resetDecompressionContext(lz4)
            try appendPieces(size: size, to: output) { room throws(Failure) in try self.lz4Piece(stored, into: room) }
        }
    }

    /// Puts the original bytes of a zstd payload where they are wanted: exactly as many as there is room for, or an error.
    func decodeZstd(_ stored: UnsafeRawBufferPointer, to output: UnsafeMutableRawBufferPointer) throws(Failure) {
        let count = ZSTD_decompressDCtx(zstd, output.baseAddress, output.count, stored.baseAddress, stored.count)
        guard ZSTD_isError(count) == 0 else {
            throw Failure(message: "zstd: \(String(cString: ZSTD_getErrorName(count)))")
        }
        guard count == output.count else { throw Failure(message: "expected \(output.count) bytes, found \(count)") }
    }

    private struct Piece {
        let produced: Int
        let isLast: Bool
    }

    /// How much of the stored bytes the piecewise decoders have taken.
    private var consumed = 0

    private func appendPieces(
        size: Int, to output: ByteBuffer, next: (UnsafeMutableRawBufferPointer) throws(Failure) -> Piece
    ) throws(Failure) {
        consumed = 0
        ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only)
        var total = 0
        while true {
            // One byte more than expected shows a payload that is too long.
            let room = output.reserve(min(size - total + 1, Self.trustedSize))
            let piece = try next(UnsafeMutableRawBufferPointer(rebasing: room.prefix(size - total + 1)))
            total += piece.produced
            guard total <= size else { throw Failure(message: "expected \(size) bytes, found more") }
            output.commit(piece.produced)
            if piece.isLast { break }
        }
        guard total == size else { throw Failure(message: "expected \(size) bytes, found \(total)") }
    }

    private func zstdPiece(
        _ stored: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) throws(Failure) -> Piece {
        var input = ZSTD_inBuffer(src: stored.baseAddress, size: stored.count, pos: consumed)
        var output = ZSTD_outBuffer(dst: room.baseAddress, size: room.count, pos: 0)
        let before = consumed
        let result = ZSTD_decompressStream(zstd, &output, &input)
        guard ZSTD_isError(result) == 0 else {
            throw Failure(message: "zstd: \(String(cString: ZSTD_getErrorName(result)))")
        }
        consumed = input.pos
        if result != 0 && output.pos == 0 && consumed == before { throw Failure(message: "zstd: the frame ends early") }
        return Piece(produced: output.pos, isLast: result == 0)
    }

    private func lz4Piece(
        _ stored: UnsafeRawBufferPointer, into room: UnsafeMutableRawBufferPointer
    ) throws(Failure) -> Piece {
        guard let base = stored.baseAddress else { throw Failure(message: "lz4: the frame is empty") }
        var produced = room.count
        var taken = stored.count - consumed
        let result = LZ4F_decompress(lz4, room.baseAddress, &produced, base + consumed, &taken, nil)
        guard LZ4F_isError(result) == 0 else {
            throw Failure(message: "lz4: \(String(cString: LZ4F_getErrorName(result)))")
        }
        consumed += taken
        if result != 0 && produced == 0 && taken == 0 { throw Failure(message: "lz4: the frame ends early") }
        return Piece(produced: produced, isLast: result == 0)
    }
}
