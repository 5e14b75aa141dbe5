/// The tables of the watermark mode, and what the two databases that keep them write differently.
package struct ArchiveTables: Sendable {
    package static let names = [
        "des_archive_config", "des_archive_packed", "des_archive_set_aside", "des_archive_store",
    ]

    /// The statements that create the tables, and in front of them the one that keeps others from doing so at once.
    package let lock: String?
    package let definitions: [String]
    /// For tables of version 1, which know no accepted rows.
    package let acceptance: String
    /// What stands before the number of a parameter.
    let parameter: String
    /// The column `lag_days` as it is read.
    let lagDays: String
    /// At the end of a query for the watermark: keeps it from moving until the transaction ends, and lets others do the same.
    package let shared: String
    /// The same for who moves it.
    let own: String
    /// Whether the location begins with the bytes of the second parameter.
    let beginsWithPrefix: String

    /// The statement, whose parameters are written `$1`, as the database writes them.
    func written(_ sql: String) -> String { parameter == "$" ? sql : sql.replacing("$", with: parameter) }

    /// Times are texts in RFC 3339 with six digits of fraction, which are in their own order.
    package static let sqlite = ArchiveTables(
        lock: nil,
        definitions: statements(integer: "INTEGER", time: "TEXT", identity: "BLOB", end: " WITHOUT ROWID"),
        acceptance: "ALTER TABLE des_archive_set_aside ADD COLUMN accepted_at TEXT",
        parameter: "?", lagDays: "lag_days", shared: "", own: "",
        // As blobs, so that it is bytes that are counted and compared.
        beginsWithPrefix: "substr(CAST(file_location AS BLOB), 1, length(CAST($2 AS BLOB))) = CAST($2 AS BLOB)")

    package static let postgres = ArchiveTables(
        // Two that begin at once: IF NOT EXISTS alone may fail for the second.
        lock: "SELECT pg_advisory_xact_lock(hashtext('des_archive_config'))",
        definitions: statements(integer: "bigint", time: "timestamptz", identity: "uuid", end: ""),
        acceptance: "ALTER TABLE des_archive_set_aside ADD COLUMN IF NOT EXISTS accepted_at timestamptz",
        parameter: "$", lagDays: "lag_days::bigint", shared: " FOR SHARE", own: " FOR UPDATE",
        // As bytes: some collations take different texts for equal.
        beginsWithPrefix: "left(file_location, char_length($2)) = $2 COLLATE \"C\"")

    private static func statements(integer: String, time: String, identity: String, end: String) -> [String] {
        [
            """
            CREATE TABLE IF NOT EXISTS des_archive_config \
            (id INTEGER PRIMARY KEY, archived_until \(time), lag_days INTEGER)
            """,
            """
            CREATE TABLE IF NOT EXISTS des_archive_packed \
            (config_id \(integer) NOT NULL, created_at \(time) NOT NULL, identity \(identity) NOT NULL, uid TEXT, \
            file_location TEXT, shard TEXT NOT NULL, packed_at \(time) NOT NULL, \
            PRIMARY KEY (config_id, created_at, identity))\(end)
            """,
            """
            CREATE TABLE IF NOT EXISTS des_archive_set_aside \
            (config_id \(integer) NOT NULL, created_at \(time) NOT NULL, identity \(identity) NOT NULL, uid TEXT, \
            file_location TEXT, reason TEXT NOT NULL, message TEXT NOT NULL, attempts INTEGER NOT NULL, \
            last_cycle TEXT NOT NULL, first_failed_at \(time) NOT NULL, set_aside_at \(time), accepted_at \(time), \
            PRIMARY KEY (config_id, created_at, identity))\(end)
            """,
            "CREATE TABLE IF NOT EXISTS des_archive_store (config_id \(integer) PRIMARY KEY, store TEXT NOT NULL)",
        ]
    }
}
