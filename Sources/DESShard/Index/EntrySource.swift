/// Where raw entries come from, for what errors say, and how they become entries.
struct EntrySource: Sendable {
    let file: String
    /// Where the bytes begin in the file.
    let start: UInt64
    /// Whether they were taken out of something compressed: then errors only tell where that begins.
    let isCompressed: Bool

    /// The entry that begins at a position of the bytes.
    ///
    /// - Parameter uid: the entry's, if it is known already.
    /// - Throws: `ShardError` when it breaks a rule of the format.
    func entry(
        at position: Int, in bytes: UnsafeRawBufferPointer, version: UInt8, uid: String? = nil
    ) throws(ShardError) -> ShardEntry {
        try entry(raw(at: position, in: bytes, version: version), in: bytes, uid: uid)
    }

    func raw(at position: Int, in bytes: UnsafeRawBufferPointer, version: UInt8) throws(ShardError) -> RawEntry {
        do throws(EntryFailure) {
            return try RawEntry(index: bytes, at: position, version: version)
        } catch {
            throw ShardError(.malformed, file: file, offset: offset(error.offset), error.message)
        }
    }

    func entry(
        _ raw: RawEntry, in bytes: UnsafeRawBufferPointer, uid: String? = nil
    ) throws(ShardError) -> ShardEntry {
        let uid = uid ?? String(decoding: bytes[raw.uid], as: UTF8.self)
        func failure(_ code: ShardError.Code, at position: Int, _ message: String) -> ShardError {
            ShardError(code, file: file, offset: offset(position), uid: uid, message)
        }
        let place = raw.uid.lowerBound - 2
        let meta: EntryMeta
        do throws(EntryMeta.Failure) {
            meta = try EntryMeta(parsing: UnsafeRawBufferPointer(rebasing: bytes[raw.meta]))
        } catch {
            throw failure(.malformed, at: raw.meta.lowerBound, error.message)
        }
        guard !raw.isBigFile else {
            let hash = String(decoding: bytes[raw.hash], as: UTF8.self)
            return ShardEntry(uid: uid, content: .bigFile(sha256: hash, size: raw.size), meta: meta)
        }
        guard let codec = Codec(rawValue: raw.codec) else {
            throw failure(.unsupportedCodec, at: place, "expected codec 0, 1 or 2, found \(raw.codec)")
        }
        guard raw.size < 1 << 60 else { throw failure(.malformed, at: place, "no file has \(raw.size) bytes") }
        guard codec != .none || raw.storedSize == raw.size else {
            throw failure(
                .malformed, at: place, "uncompressed, yet stored in \(raw.storedSize) bytes for \(raw.size)")
        }
        return ShardEntry(
            uid: uid,
            content: .inline(offset: raw.offset, storedSize: raw.storedSize, codec: codec, size: raw.size),
            meta: meta
        )
    }

    private func offset(_ position: Int) -> UInt64 { isCompressed ? start : start + UInt64(position) }
}
