/// A catalog in a database.
package protocol DatabaseCatalog: SourceCatalog {
    var schema: CatalogSchema { get }
    var access: CatalogAccess { get }
    /// Where the database is, without passwords.
    var place: String { get }
}

extension DatabaseCatalog {
    /// - Throws: ``CatalogError`` if the catalog was opened for reading only.
    package func checkWritable(_ what: String) throws {
        guard access == .readWrite else {
            throw CatalogError(
                code: .readOnly, what: what, place: place, reason: "the catalog was opened for reading only")
        }
    }

    /// The finding that something hides rows.
    package func hiddenRows(_ reason: String) -> CatalogFindings.HiddenRows {
        CatalogFindings.HiddenRows(
            reason: reason, isAccepted: schema.allowsRowSecurity, isFinal: schema.archivedColumn == nil)
    }
}
