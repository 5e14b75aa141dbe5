/// The orders in which an index may give the rows of a table page by page.
package enum KeysetOrders {
    /// By time and uid, and by time alone: the better one first. Rows that tie in these follow in the order of the columns that
    /// tell any two rows apart.
    package static func columns<Column: Equatable>(time: Column, uid: Column, identity: [Column]) -> [[Column]] {
        [[time, uid], [time]].map { first in
            (first + identity).reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        }
    }
}
