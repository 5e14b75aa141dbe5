extension ShardReader {
    /// Compares the lookup table of a shard, leaf by leaf, with its index. Retrieval does not need it: it checks the leaf
    /// that it uses. Calls block.
    ///
    /// - Returns: false if the shard has no table that would be used.
    /// - Throws: `ShardError` when a leaf is damaged, or the table does not have just the entries of the index.
    package func verifyLookupTable() throws(ShardError) -> Bool {
        let tail = try ShardTail(
            bytes(sizeInBytes - min(sizeInBytes, UInt64(ShardTail.size))..<sizeInBytes),
            header: bytes(ShardTail.header), fileSize: sizeInBytes, file: path)
        let region = try bytes(LookupTable.region(indexStart: tail.indexStart))
        guard let table = LookupTable(parsing: region, tail: tail) else { return false }
        var count = 0
        for number in 0..<table.leafCount {
            let range = table.range(ofLeaf: number)
            let leaf = try table.leaf(number, stored: bytes(range))
            let isTrue = leaf.allSatisfy { entry, uid in
                LookupFormat.leaf(of: uid, leafBits: table.leafBits) == number && index.has(entry, uid: uid)
            }
            guard isTrue else {
                throw ShardError(
                    .corrupt, file: path, offset: range.lowerBound,
                    "leaf \(number) of the lookup table has an entry that the index does not have")
            }
            count += leaf.count
        }
        guard count == index.count, table.entryCount == count else {
            throw ShardError(
                .corrupt, file: path, offset: table.dataEnd,
                "the lookup table has \(count) entries, the index has \(index.count)")
        }
        return true
    }

    private func bytes(_ range: Range<UInt64>) throws(ShardError) -> [UInt8] { try Self.bytes(range, of: file) }
}
