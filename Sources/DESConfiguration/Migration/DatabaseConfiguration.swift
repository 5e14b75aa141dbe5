import DESBase

/// Section `database`: the catalog table and its columns. Names are taken as they are and quoted when used.
package struct DatabaseConfiguration: Sendable, Equatable {
    /// `url`: the database. Required.
    package var url: DatabaseURL

    /// `table_name`: the table of files. Default `files`.
    package var tableName = "files"

    /// `uid_column`: the unique name of a file. Default `uid`.
    package var uidColumn = "uid"

    /// `created_at_column`: when the file was made. Default `created_at`.
    package var createdAtColumn = "created_at"

    /// `file_location_column`: a local path or `s3://bucket/key`. Default `file_location`.
    package var fileLocationColumn = "file_location"

    /// `size_bytes_column`: the size in bytes; nil (`null` or empty in the file): sizes are not checked. Default `size_bytes`.
    package var sizeBytesColumn: String? = "size_bytes"

    /// `archived_column`: the mark. Default `archived`. Not used in watermark mode.
    package var archivedColumn = "archived"

    /// `archived_at_column`: gets the moment of the mark; nil: there is none.
    package var archivedAtColumn: String?

    /// `shard_key_column`: gets the name of the shard with the mark; nil: there is none.
    package var shardKeyColumn: String?

    /// `where_clause`: a condition in the database's SQL; rows that do not fulfil it are no concern of DES.
    package var whereClause: String?

    /// `allow_row_security`: whether it is meant so that row-level security of the database may hide rows. Default false: the
    /// mode `watermark` and the deletion of sources refuse to work then.
    package var allowsRowSecurity = false

    /// `statement_timeout_seconds`: how long one statement may run, 1…86,400 seconds. Default 600.
    package var statementTimeout = Duration.seconds(600)

    /// `lock_wait_seconds`: how long marking waits for a row that another transaction holds, 0.1…3600 seconds. Default 10.
    package var lockWait = Duration.seconds(10)
}

extension DatabaseConfiguration {
    /// Reads the section.
    init(_ section: ConfigurationSection) {
        let column = "the name of a column"
        self.init(url: DatabaseURL.required("url", in: section))
        tableName = section.string("table_name", expected: "the name of a table", default: tableName)
        uidColumn = section.string("uid_column", expected: column, default: uidColumn)
        createdAtColumn = section.string("created_at_column", expected: column, default: createdAtColumn)
        fileLocationColumn = section.string("file_location_column", expected: column, default: fileLocationColumn)
        sizeBytesColumn = section.string("size_bytes_column", expected: column, defaultUnlessNull: "size_bytes")
        archivedColumn = section.string("archived_column", expected: column, default: archivedColumn)
        archivedAtColumn = section.string("archived_at_column", expected: column)
        shardKeyColumn = section.string("shard_key_column", expected: column)
        whereClause = section.string("where_clause", expected: "a condition in SQL")
        allowsRowSecurity = section.boolean("allow_row_security", default: allowsRowSecurity)
        statementTimeout = section.seconds("statement_timeout_seconds", in: 1...86_400) ?? statementTimeout
        lockWait = section.seconds("lock_wait_seconds", in: 0.1...3600) ?? lockWait

        let others = [
            ("uid_column", uidColumn), ("created_at_column", createdAtColumn),
            ("file_location_column", fileLocationColumn), ("size_bytes_column", sizeBytesColumn ?? ""),
        ]
        var written = [("archived_column", archivedColumn)]
        if let archivedAtColumn { written.append(("archived_at_column", archivedAtColumn)) }
        if let shardKeyColumn { written.append(("shard_key_column", shardKeyColumn)) }
        for (index, (key, name)) in written.enumerated() {
            for (other, otherName) in others + written[..<index]
            where name.lowercased().isByteEqual(to: otherName.lowercased()) {
                section.report(key, "must be another column than \(other): marking would overwrite it")
            }
        }
    }
}

extension DatabaseURL {
    /// The URL under a key that may be left out; nil when it is, or `null`.
    static func optional(_ key: String, in section: ConfigurationSection) -> DatabaseURL? {
        guard let entry = section.known(key), !entry.value.isNull else { return nil }
        return required(key, in: section)
    }

    /// The URL under a key; what is missing or wrong is reported, and `sqlite` with an empty path stands for it.
    static func required(_ key: String, in section: ConfigurationSection) -> DatabaseURL {
        let unusable = DatabaseURL.sqlite(path: "")
        guard let text = section.requiredSecret(key, expected: DatabaseURL.expectation) else {
            return unusable
        }
        do {
            let url = try DatabaseURL(text)
            guard case .sqlite(let path) = url else { return url }
            return section.judged(path, key, WrittenPath(path).asPath) == nil ? unusable : url
        } catch {
            section.report(key, error.message)
            return unusable
        }
    }
}
