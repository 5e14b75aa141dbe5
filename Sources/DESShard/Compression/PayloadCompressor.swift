import CLZ4
import CZstd

/// Which codec new payloads get, and how hard it tries.
public struct CompressionSettings: Sendable, Hashable {
    /// The codec of new payloads.
    public var codec: Codec
    /// zstd: −7…22, default 3; lz4: 0…12, default 0; without effect for `none`.
    public var level: Int

    /// Zstandard at level 3 unless told otherwise.
    public init(codec: Codec = .zstd, level: Int = 3) {
        self.codec = codec
        self.level = level
    }
}

/// Compresses payloads one by one with one reused context; one task uses it at a time.
package final class PayloadCompressor {
    private let settings: CompressionSettings
    private let zstd: OpaquePointer?
    private var lz4: OpaquePointer?

    package init(_ settings: CompressionSettings) {
        self.settings = settings
        switch settings.codec {
        case .zstd:
            zstd = ZSTD_createCCtx()
            ZSTD_CCtx_setParameter(zstd, ZSTD_c_compressionLevel, CInt(settings.level))
        case .lz4:
            zstd = nil
            LZ4F_createCompressionContext(&lz4, UInt32(LZ4F_VERSION))
        case .none:
            zstd = nil
        }
    }

    deinit {
        ZSTD_freeCCtx(zstd)
        LZ4F_freeCompressionContext(lz4)
    }

    /// Appends the compressed payload to the buffer and tells with which codec; where that would not make it smaller,
    /// nothing is appended and the answer is nil: it is best stored as it is.
    package func append(_ payload: UnsafeRawBufferPointer, to output: ByteBuffer) -> Codec? {
        let start = output.count
        if let size = compress(payload, to: output), size < payload.count { return settings.codec }
        output.truncate(to: start)
        return nil
    }

    private func compress(_ payload: UnsafeRawBufferPointer, to output: ByteBuffer) -> Int? {
        guard !payload.isEmpty else { return nil }
        switch settings.codec {
        case .none:
            return nil
        case .zstd:
            let room = output.reserve(ZSTD_compressBound(payload.count))
            let size = ZSTD_compress2(zstd, room.baseAddress, room.count, payload.baseAddress, payload.count)
            guard ZSTD_isError(size) == 0 else { return nil }
            output.commit(size)
            return size
        case .lz4:
            return compressLZ4(payload, to: output)
        }
    }

    private func compressLZ4(_ payload: UnsafeRawBufferPointer, to output: ByteBuffer) -> Int? {
        var preferences = LZ4F_preferences_t()
        preferences.frameInfo.contentSize = UInt64(payload.count)
        preferences.compressionLevel = CInt(settings.level)
        preferences.autoFlush = 1
        let room = output.reserve(LZ4F_compressFrameBound(payload.count, &preferences))
        guard let base = room.baseAddress else { return nil }
        var done = LZ4F_compressBegin(lz4, base, room.count, &preferences)
        guard LZ4F_isError(done) == 0 else { return nil }
        let body = LZ4F_compressUpdate(lz4, base + done, room.count - done, payload.baseAddress, payload.count, nil)
        guard LZ4F_isError(body) == 0 else { return nil }
        done += body
        let end = LZ4F_compressEnd(lz4, base + done, room.count - done, nil)
        guard LZ4F_isError(end) == 0 else { return nil }
        done += end
        output.commit(done)
        return done
    }
}
