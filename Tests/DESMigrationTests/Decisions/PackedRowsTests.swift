import DESBase
import DESCatalog
import Testing

@testable import DESMigration

@Suite struct PackedRowsTests {
    private func exact(_ row: PackedRow) -> [String] {
        let key = row.key
        return [key.rowID.map(String.init) ?? "nil", key.uid.exact, key.createdAt.exact, key.location.exact]
            + ["\(row.identity)"]
    }

    @Test func `rows of every value come out exactly as they went in, in their order`() {
        let samples = CatalogValue.samples
        let rowIDs: [Int64?] = [nil, 0, 1, -1, .min, .max]
        var rows: [PackedRow] = []
        for position in samples.indices {
            for (shift, rowID) in rowIDs.enumerated() {
                let key = RowKey(
                    rowID: rowID, uid: samples[position], createdAt: samples[(position + shift) % samples.count],
                    location: samples[(position + 7 * shift) % samples.count]
                )
                let identity = FileIdentity(
                    device: .max, inode: UInt64(position), size: shift == 0 ? .max : Int64(shift),
                    modifiedAtNanoseconds: shift == 1 ? .min : -Int64(position)
                )
                rows.append(PackedRow(key: key, identity: identity))
            }
        }
        let packed = PackedRows()
        for row in rows { packed.append(row) }
        #expect(packed.count == rows.count)
        #expect(packed.map(exact) == rows.map(exact))
        // A second pass begins at the first row again.
        #expect(packed.map(exact) == rows.map(exact))
    }

    @Test func `without rows there is nothing to iterate over`() {
        #expect(Array(PackedRows()).isEmpty)
    }

    @Test func `the size of a row is that of its file`() {
        #expect(unitPackedRow(1, size: 1234).size == 1234)
    }

    @Test func `a row of usual length takes about 150 bytes`() {
        let packed = PackedRows()
        let key = RowKey(
            rowID: 5, uid: .text("0123456789abcdef0123456789abcdef"), createdAt: .text("2024-01-02 03:04:05"),
            location: .text("/data/archive/2024/01/02/0123456789abcdef.bin")
        )
        let identity = FileIdentity(device: 1, inode: 2, size: 3, modifiedAtNanoseconds: 4)
        for _ in 0..<10_000 { packed.append(PackedRow(key: key, identity: identity)) }
        // At most half of the memory is spare.
        #expect(packed.memoryInBytes <= 2 * 160 * 10_000)
        #expect(packed.reduce(0) { count, _ in count + 1 } == 10_000)
    }
}
