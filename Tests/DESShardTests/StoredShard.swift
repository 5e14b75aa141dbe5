import DESShard
import Testing

/// A shard in a store, read by ranges as retrieval does; counts reads and bytes.
final class StoredShard: CustomStringConvertible {
    let bytes: [UInt8]
    /// Failed expectations need not show all bytes.
    var description: String { "a shard of \(bytes.count) bytes" }
    private(set) var reads = 0
    private(set) var readBytes = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func read(_ range: Range<UInt64>) -> [UInt8] {
        reads += 1
        readBytes += range.count
        return Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
    }

    func tail() throws(ShardError) -> ShardTail {
        let size = UInt64(bytes.count)
        return try ShardTail(
            read((size - min(size, UInt64(ShardTail.size)))..<size), fileSize: size, file: "stored.des")
    }

    func table(_ tail: ShardTail) -> LookupTable? {
        LookupTable(parsing: read(LookupTable.region(indexStart: tail.indexStart)), tail: tail)
    }

    func index(_ tail: ShardTail) throws(ShardError) -> ShardIndex {
        try tail.index(front: tail.missing.isEmpty ? [] : read(tail.missing))
    }

    /// The entry by the table; where that is damaged, by the index.
    func entry(_ uid: String) throws(ShardError) -> ShardEntry? {
        let tail = try tail()
        guard let table = table(tail) else { return try index(tail).entry(uid: uid) }
        let (_, range) = table.leafRange(ofUID: uid)
        guard !range.isEmpty else { return nil }
        do throws(ShardError) { return try table.entry(uid: uid, leaf: read(range)) } catch {
            return try index(tail).entry(uid: uid)
        }
    }

    /// The original bytes of a file, checked.
    func contents(_ uid: String) throws(ShardError) -> [UInt8]? {
        guard let entry = try entry(uid), case .inline(let offset, let size, _, _) = entry.content else { return nil }
        let output = ByteBuffer()
        let stored = read(offset..<(offset + size))
        let result = stored.withUnsafeBytes { stored in
            Result { () throws(ShardError) in
                try PayloadDecoder().decode(entry, stored: stored, file: "stored.des", into: output)
            }
        }
        try result.get()
        return Array(output.bytes)
    }
}
