import DESBase

/// A table of which a ``MarkTrial`` finds out whether its rows can be marked.
package protocol MarkTrialSubject: Sendable {
    /// The table and its database, for messages.
    var table: String { get }
    var place: String { get }
    /// What a mark writes, as in `1 to the column "archived"`.
    var written: String { get }
    /// Whether a view shows the rows: their values may be others at each look.
    var isView: Bool { get }

    /// Some pending rows.
    func rows(_ order: MarkTrialOrder) async throws -> [CatalogRow]

    /// Tries a mark on one row, in a transaction that is rolled back.
    func attempt(_ key: RowKey) async throws -> MarkAttempt

    func pendingRows(in range: PendingRange) async throws -> any PendingRowScan

    /// Whether the table has a mark that DES would write; false if none was found in a few seconds.
    func hasMarks() async throws -> Bool
}

/// A table of a database of which a ``MarkTrial`` finds out whether its rows can be marked.
package protocol DatabaseMarkTrial: MarkTrialSubject {
    associatedtype Catalog: DatabaseCatalog
    associatedtype Table: CatalogTable

    var catalog: Catalog { get }
    var sourceTable: Table { get }
}

extension DatabaseMarkTrial {
    package var table: String { sourceTable.name }
    package var place: String { catalog.place }
    package var isView: Bool { sourceTable.isView }

    /// The mark, and the columns that get more if there are any.
    package var written: String {
        [
            sourceTable.archived.map { "\(sourceTable.markedValue ?? "") to the column \"\($0.name)\"" },
            sourceTable.archivedAt.map { "a time to the column \"\($0.name)\"" },
            sourceTable.shardKey.map {
                "the shard's name (such as \(String.exampleShard)) to the column \"\($0.name)\""
            },
        ].compactMap { $0 }.joined(separator: ", ")
    }

    package func pendingRows(in range: PendingRange) async throws -> any PendingRowScan {
        try await catalog.pendingRows(in: range)
    }
}

/// Which rows a trial asks for, cheaply for any table.
package enum MarkTrialOrder: Sendable, CaseIterable {
    /// Those that the database finds first.
    case any
    /// The ones with the latest times first.
    case newest
}

/// What became of a mark that was tried.
package enum MarkAttempt: Sendable, Equatable {
    case outcome(MarkOutcome)
    /// Another transaction holds the row.
    case rowIsLocked
    /// Others hold what all rows need: more attempts would only wait.
    case tableIsLocked
}

extension RowKey {
    /// Whether a file may be packed for the row, so that its mark is asked for.
    var isUsable: Bool {
        uid.hasText && location.hasText && createdAt.timestamp != nil
    }
}

extension String {
    /// A name of a shard as long as they are, for marks that are tried.
    package static var exampleShard: String { "20260131_3F_01KG9Z3V7Q0B8M4N6P2R5S7T9W.des" }
}
