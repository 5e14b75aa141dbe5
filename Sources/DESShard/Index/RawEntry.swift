import DESBase

/// One entry of the index as places in the index's bytes: what is needed to find and check it, without a string.
struct RawEntry {
    let uid: Range<Int>
    let isBigFile: Bool
    /// Where the payload begins in the shard; 0 for a big file.
    let offset: UInt64
    let storedSize: UInt64
    let codec: UInt8
    /// Uncompressed size, of a big file too.
    let size: UInt64
    /// The hash of a big file, else empty.
    let hash: Range<Int>
    let meta: Range<Int>
    /// Where the next entry begins.
    let end: Int
}

/// Why an entry cannot be parsed: where in the index, and what was expected.
struct EntryFailure: Error {
    let offset: Int
    let message: String
}

extension RawEntry {
    /// Parses the entry that begins at an offset of the index. Nothing is read beyond the index's end.
    @inline(__always)
    init(index: UnsafeRawBufferPointer, at start: Int, version: UInt8) throws(EntryFailure) {
        var position = start
        /// Moves over the next `count` bytes, which must be inside the index.
        @inline(__always) func take(_ count: Int, _ what: StaticString) throws(EntryFailure) -> Int {
            guard count <= index.count - position else {
                throw EntryFailure(offset: position, message: "expected \(count) bytes of \(what), the index ends")
            }
            defer { position += count }
            return position
        }
        let uidLength = Int(index.littleEndian(UInt16.self, at: try take(2, "uid length")))
        let uidStart = try take(uidLength, "uid")
        uid = uidStart..<(uidStart + uidLength)
        let flags: UInt8 = version >= 2 ? index[try take(1, "flags")] : 0
        guard flags & ~ShardFormat.bigFileFlag == 0 else {
            throw EntryFailure(offset: position - 1, message: "expected flags 0 or 1, found \(flags)")
        }
        isBigFile = flags & ShardFormat.bigFileFlag != 0
        if isBigFile {
            let hashLength = Int(index.littleEndian(UInt16.self, at: try take(2, "hash length")))
            let hashStart = try take(hashLength, "hash")
            hash = hashStart..<(hashStart + hashLength)
            size = index.littleEndian(UInt64.self, at: try take(8, "size"))
            offset = 0
            storedSize = 0
            codec = 0
        } else {
            let fields = try take(ShardFormat.inlineFieldsSize, "offset and sizes")
            offset = index.littleEndian(UInt64.self, at: fields)
            let length = index.littleEndian(UInt64.self, at: fields + 8)
            codec = index[fields + 16]
            storedSize = index.littleEndian(UInt64.self, at: fields + 17)
            size = index.littleEndian(UInt64.self, at: fields + 25)
            guard length == storedSize else {
                throw EntryFailure(
                    offset: fields + 8, message: "expected length \(storedSize) as compressed_size, found \(length)"
                )
            }
            hash = uidStart..<uidStart
        }
        if version >= 2 {
            let metaLength = Int(index.littleEndian(UInt32.self, at: try take(4, "meta length")))
            let metaStart = try take(metaLength, "meta")
            meta = metaStart..<(metaStart + metaLength)
        } else {
            meta = position..<position
        }
        end = position
    }

    /// Checks what can be checked without the payload: the uid, the hash, and where the payload lies.
    @inline(__always)
    func check(index: UnsafeRawBufferPointer, dataEnd: UInt64) throws(EntryFailure) {
        guard UTF8Check.isValid(UnsafeRawBufferPointer(rebasing: index[uid])) else {
            throw EntryFailure(offset: uid.lowerBound, message: "the uid is not valid UTF-8")
        }
        if isBigFile {
            guard SHA256.isHash(String(decoding: index[hash], as: UTF8.self)) else {
                throw EntryFailure(
                    offset: hash.lowerBound, message: "expected 64 lower-case hexadecimal digits as hash"
                )
            }
            return
        }
        let (end, overflows) = offset.addingReportingOverflow(storedSize)
        guard offset >= UInt64(ShardFormat.headerSize), !overflows, end <= dataEnd else {
            throw EntryFailure(
                offset: uid.upperBound,
                message:
                    "the payload at \(offset) of \(storedSize) bytes is not inside DATA, which ends at \(dataEnd)"
            )
        }
    }
}
