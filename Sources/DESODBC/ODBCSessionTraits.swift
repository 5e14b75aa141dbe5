/// What has to be known of a driver to read and write its values.
package struct ODBCSessionTraits: Sendable, Hashable {
    /// How texts are passed.
    package var textEncoding: ODBCTextEncoding
    /// Whether statements are passed in UTF-16: without a Unicode driver the driver manager would narrow them.
    package var takesWideStatements: Bool
    /// Whether a value is never longer than its column is said to be; else texts and bytes are read piece by piece.
    package var trustsSizes: Bool
    /// Whether whole numbers are passed as texts of digits: not all drivers know integers of 64 bits (Oracle's).
    package var passesIntegersAsText: Bool
    /// Whether a column of a number may hold a text (SQLite).
    package var readsNumbersAsText: Bool
    /// Whether a column of a time may hold something else (SQLite).
    package var readsTimesAsText: Bool

    /// What works with the drivers of a product.
    package init(product: ODBCProduct) {
        // The drivers of SQL Server and Oracle, and psqlODBC, take SQL_C_CHAR for a text of the process's locale.
        textEncoding = product == .mysql || product == .sqlite ? .utf8 : .utf16
        takesWideStatements = product != .sqlite
        trustsSizes = [.mysql, .sqlServer, .oracle].contains(product)
        passesIntegersAsText = product == .oracle
        readsNumbersAsText = product == .sqlite
        readsTimesAsText = product == .sqlite
    }
}
