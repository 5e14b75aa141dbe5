/// The tables of the watermark mode.
package enum ArchiveTables {
    package static let names = [
        "des_archive_config", "des_archive_packed", "des_archive_set_aside", "des_archive_store",
    ]

    /// Times are texts in RFC 3339 with six digits of fraction, which are in their own order.
    package static let sqlite = statements(integer: "INTEGER", time: "TEXT", identity: "BLOB", end: " WITHOUT ROWID")

    package static let postgres = statements(integer: "bigint", time: "timestamptz", identity: "uuid", end: "")

    /// For tables of version 1, which know no accepted rows.
    package static let sqliteAcceptance = "ALTER TABLE des_archive_set_aside ADD COLUMN accepted_at TEXT"
    package static let postgresAcceptance =
        "ALTER TABLE des_archive_set_aside ADD COLUMN IF NOT EXISTS accepted_at timestamptz"

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
