/// Which store the files of a catalog are in, remembered where it is also kept which rows are done: another store that is
/// mounted in its place is noticed by the next process too.
package protocol StoreMemory: Sendable {
    /// The name in the mark of the store (`_desStore`); nil if none is remembered.
    ///
    /// - Throws: ``CatalogError``.
    func storeName() async throws -> String?

    /// Replaces what is remembered.
    ///
    /// - Throws: ``CatalogError``.
    func remember(storeName: String) async throws
}
