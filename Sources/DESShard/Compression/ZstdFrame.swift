import CZstd

/// Compresses blocks into single zstd frames that tell their content's size, with one reused context.
///
/// Other than for a payload there is no "stored as it is": what cannot be made smaller is a frame all the same.
final class ZstdFrameCompressor {
    private let context = ZSTD_createCCtx()

    init(level: Int) {
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, CInt(level))
    }

    deinit { ZSTD_freeCCtx(context) }

    /// Appends the frame of a block; false, with nothing appended, where zstd fails.
    func append(_ block: UnsafeRawBufferPointer, to output: ByteBuffer) -> Bool {
        let room = output.reserve(ZSTD_compressBound(block.count))
        let size = ZSTD_compress2(context, room.baseAddress, room.count, block.baseAddress, block.count)
        guard ZSTD_isError(size) == 0 else { return false }
        output.commit(size)
        return true
    }
}

/// What the header of a zstd frame tells.
enum ZstdFrame {
    /// The size of the content, if the bytes are exactly one frame whose header has it.
    static func contentSize(of frame: UnsafeRawBufferPointer) -> UInt64? {
        let size = ZSTD_getFrameContentSize(frame.baseAddress, frame.count)
        // The two highest values stand for "unknown" and "error".
        guard size < UInt64.max - 1, ZSTD_findFrameCompressedSize(frame.baseAddress, frame.count) == frame.count else {
            return nil
        }
        return size
    }
}
