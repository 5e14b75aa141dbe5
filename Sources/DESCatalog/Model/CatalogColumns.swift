import DESBase

/// A column of a catalog's table, as one database describes it.
package protocol CatalogColumn: Sendable {
    var name: String { get }
}

/// The columns of a catalog's table by what they are for.
package struct CatalogColumns<Column: CatalogColumn>: Sendable {
    package var uid: Column
    package var createdAt: Column
    package var location: Column
    package var size: Column?
    /// Nil if rows are never marked.
    package var archived: Column?
    package var archivedAt: Column?
    package var shardKey: Column?
    package var meta: [Column]
}

extension CatalogColumns {
    /// Finds the columns of the schema among those that the table has: the exact name, else one that the database takes for the
    /// same.
    ///
    /// - Parameters:
    ///   - hidden: a column of a name that is not among them.
    /// - Throws: ``CatalogError`` with `missingColumn`, which names the nearest name there is.
    package init(
        _ schema: CatalogSchema, among columns: [Column], place: String, isSame: (String, String) -> Bool,
        hidden: (String) throws -> Column? = { _ in nil }
    ) throws {
        func column(_ wanted: String, for purpose: String) throws -> Column {
            let exact = columns.first { $0.name.isByteEqual(to: wanted) }
            if let column = try exact ?? columns.first(where: { isSame($0.name, wanted) }) ?? hidden(wanted) {
                return column
            }
            let nearest = NearestName.nearest(to: wanted, among: columns.map(\.name))
            throw CatalogError(
                code: .missingColumn, what: "the column \"\(wanted)\" (\(purpose)) is missing",
                place: "table \"\(schema.table)\" in \(place)",
                reason: "the table has the columns \(columns.map { "\"\($0.name)\"" }.joined(separator: ", "))",
                advice: nearest.map { "did you mean \"\($0)\"?" })
        }
        self.init(
            uid: try column(schema.uidColumn, for: "uid_column"),
            createdAt: try column(schema.createdAtColumn, for: "created_at_column"),
            location: try column(schema.locationColumn, for: "file_location_column"),
            size: try schema.sizeColumn.map { try column($0, for: "size_bytes_column") },
            archived: try schema.archivedColumn.map { try column($0, for: "archived_column") },
            archivedAt: try schema.archivedAtColumn.map { try column($0, for: "archived_at_column") },
            shardKey: try schema.shardKeyColumn.map { try column($0, for: "shard_key_column") },
            meta: try schema.metaColumns.map { try column($0, for: "meta_columns") })
    }
}

/// The table of a catalog as it really is in its database.
package protocol CatalogTable: Sendable {
    associatedtype Column: CatalogColumn

    /// For messages.
    var name: String { get }
    /// What reads many rows asks here, not by the names below.
    var columns: CatalogColumns<Column> { get set }
    /// Whether a view, or what may behave like one, shows the rows.
    var isView: Bool { get }
    /// What a mark is, as SQL; nil if the archived column can have none, or there is no such column.
    var markedValue: String? { get }
}

extension CatalogTable {
    package var uid: Column { columns.uid }
    package var createdAt: Column { columns.createdAt }
    package var location: Column { columns.location }
    package var size: Column? { columns.size }
    package var archived: Column? { columns.archived }
    package var archivedAt: Column? { columns.archivedAt }
    package var shardKey: Column? { columns.shardKey }
    package var meta: [Column] { columns.meta }

    /// For who needs no more of the rows than their keys: meta may be long.
    package var withoutMeta: Self {
        var table = self
        table.columns.meta = []
        return table
    }
}

extension CatalogError {
    /// The table of the schema is not there.
    ///
    /// - Parameters:
    ///   - names: of the tables that are.
    ///   - known: the one that is meant, if that is known.
    package static func missingTable(
        _ table: String, among names: [String], known: String? = nil, place: String
    ) -> CatalogError {
        let nearest = known ?? NearestName.nearest(to: table, among: names)
        return CatalogError(
            code: .missingTable, what: "the table \"\(table)\" is missing", place: place,
            reason: names.isEmpty ? "the database has no tables" : "the database has no table or view of this name",
            advice: nearest.map { "did you mean \"\($0)\"?" })
    }
}
