import Testing

@testable import DESMigration

@Suite struct MarkTransactionTests {
    @Test(arguments: [1, 2, 3, 7, 1000], [0, 1, 2, 21, 100])
    func `every row is in one transaction, in its order, with its shard, and all but the last are full`(
        capacity: Int, count: Int
    ) {
        var transaction = MarkTransaction(capacity: capacity)
        var transactions: [[MarkTransaction.Row]] = []
        for number in 0..<count {
            if let full = transaction.add(unitPackedRow(number), of: number / 10) { transactions.append(full) }
        }
        #expect(transactions.allSatisfy { $0.count == capacity })
        #expect((transaction.rest != nil) == (count % capacity != 0))
        if let rest = transaction.rest { transactions.append(rest) }
        let rows = transactions.flatMap(\.self)
        #expect(rows.map(\.row) == (0..<count).map { unitPackedRow($0) })
        #expect(rows.map(\.shard) == (0..<count).map { $0 / 10 })
    }

    @Test(arguments: [0, -1, Int.min]) func `a capacity below one is one`(capacity: Int) {
        var transaction = MarkTransaction(capacity: capacity)
        #expect(transaction.add(unitPackedRow(1), of: 0)?.count == 1)
        #expect(transaction.rest == nil)
    }
}
