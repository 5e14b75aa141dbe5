/// Fills a table with the entries of an index, each a few entries late, so that its slot is in the cache by then.
struct TableFiller: ~Copyable {
    private static let delay = 16

    private let bytes: UnsafeRawBufferPointer
    private var table: PackedUIDTable
    private var waiting: [(hash: UInt64, position: Int)]
    private var added = 0
    private var duplicate: Int?

    /// - Parameters:
    ///   - bytes: the raw entries; they outlive the filler.
    ///   - expectedCount: no more entries than that are added.
    init(bytes: UnsafeRawBufferPointer, expectedCount: Int, seed: UInt64) {
        self.bytes = bytes
        table = PackedUIDTable(count: expectedCount, byteCount: bytes.count, seed: seed)
        waiting = Array(repeating: (0, 0), count: Self.delay)
    }

    /// Takes in the entry at a position, whose uid has been checked to lie inside the index.
    @inline(__always)
    mutating func add(_ uid: Range<Int>, at position: Int) {
        let hash = table.hash(UnsafeRawBufferPointer(rebasing: bytes[uid]))
        table.prefetch(hash)
        let place = added % Self.delay
        if added >= Self.delay { insert(waiting[place]) }
        waiting[place] = (hash, position)
        added += 1
    }

    /// Inserts what still waits; gives the position of the first entry whose uid was there before.
    mutating func finish() -> Int? {
        let first = max(0, added - Self.delay)
        for number in first..<added { insert(waiting[number % Self.delay]) }
        return duplicate
    }

    /// The table, full after `finish`.
    consuming func takeTable() -> PackedUIDTable { table }

    @inline(__always)
    private mutating func insert(_ entry: (hash: UInt64, position: Int)) {
        let existing = table.insert(hash: entry.hash, place: entry.position, in: bytes)
        if existing != nil && duplicate == nil { duplicate = entry.position }
    }
}
