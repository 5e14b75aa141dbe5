/// Which table and columns of the user's database list the files.
package struct CatalogSchema: Sendable, Equatable {
    /// The table or view; may be written `schema.table`.
    package var table: String
    package var uidColumn: String
    package var createdAtColumn: String
    /// The column with the local path or `s3://bucket/key`.
    package var locationColumn: String
    /// The column with the file's size in bytes; nil if sizes are not checked.
    package var sizeColumn: String?
    /// The column that is set once the file is in a shard; nil if rows are never marked (watermark mode): all are pending.
    package var archivedColumn: String?
    /// A column that gets the moment of the mark; nil if there is none.
    package var archivedAtColumn: String?
    /// A column that gets the name of the shard; nil if there is none.
    package var shardKeyColumn: String?
    /// A condition in the database's SQL that restricts the rows; the operator's own words, used as they are.
    package var whereClause: String?
    /// Whether the operator knows that row-level security may hide rows, and means it so.
    package var allowsRowSecurity = false
    /// Further columns whose values go into the shard's metadata.
    package var metaColumns: [String]

    package var hasSizes: Bool { sizeColumn != nil }

    package init(
        table: String, uidColumn: String = "uid", createdAtColumn: String = "created_at",
        locationColumn: String = "file_location", sizeColumn: String? = "size_bytes",
        archivedColumn: String? = "archived", metaColumns: [String] = [], archivedAtColumn: String? = nil,
        shardKeyColumn: String? = nil, whereClause: String? = nil
    ) {
        self.table = table
        self.uidColumn = uidColumn
        self.createdAtColumn = createdAtColumn
        self.locationColumn = locationColumn
        self.sizeColumn = sizeColumn
        self.archivedColumn = archivedColumn
        self.metaColumns = metaColumns
        self.archivedAtColumn = archivedAtColumn
        self.shardKeyColumn = shardKeyColumn
        self.whereClause = whereClause
    }
}
