/// The last bytes of DATA while it is written, to see whether a payload ends like a lookup table.
///
/// Payloads are chosen by users: one that is stored as it is and ends in a table of its own making must not answer for the
/// other files of its shard.
struct DataEnd {
    private var bytes: [UInt8] = []

    /// Takes in the bytes that follow.
    mutating func append(_ more: UnsafeRawBufferPointer) {
        let size = LookupFormat.trailerSize
        let kept = more.suffix(size)
        if kept.count == size {
            bytes.removeAll(keepingCapacity: true)
        } else {
            bytes.removeFirst(max(0, bytes.count + kept.count - size))
        }
        bytes.append(contentsOf: kept)
    }

    /// Whether a reader would look for a table here.
    var resemblesTrailer: Bool { bytes.count == LookupFormat.trailerSize && bytes.starts(with: LookupFormat.magic) }
}
