/// Section `database`: the catalog table and its columns. Names are taken as they are and quoted when used.
package struct DatabaseConfiguration: Sendable, Equatable {
    /// `url`: the database. Required.
    package var url: DatabaseURL

    /// `table_name`: the table of files. Default `files`.
    package var tableName: String

    /// `uid_column`: the unique name of a file. Default `uid`.
    package var uidColumn: String

    /// `created_at_column`: when the file was made. Default `created_at`.
    package var createdAtColumn: String

    /// `file_location_column`: a local path or `s3://bucket/key`. Default `file_location`.
    package var fileLocationColumn: String

    /// `size_bytes_column`: the size in bytes; nil (`null` or empty in the file): sizes are not checked. Default `size_bytes`.
    package var sizeBytesColumn: String?

    /// `archived_column`: the mark. Default `archived`.
    package var archivedColumn: String

    /// Makes a configuration; all but the URL has the defaults of the file.
    package init(
        url: DatabaseURL, tableName: String = "files", uidColumn: String = "uid",
        createdAtColumn: String = "created_at",
        fileLocationColumn: String = "file_location", sizeBytesColumn: String? = "size_bytes",
        archivedColumn: String = "archived"
    ) {
        self.url = url
        self.tableName = tableName
        self.uidColumn = uidColumn
        self.createdAtColumn = createdAtColumn
        self.fileLocationColumn = fileLocationColumn
        self.sizeBytesColumn = sizeBytesColumn
        self.archivedColumn = archivedColumn
    }
}

extension DatabaseConfiguration {
    /// Reads the section.
    init(_ section: ConfigurationSection) {
        let column = "the name of a column"
        self.init(
            url: Self.url(section),
            tableName: section.string("table_name", expected: "the name of a table", default: "files"),
            uidColumn: section.string("uid_column", expected: column, default: "uid"),
            createdAtColumn: section.string("created_at_column", expected: column, default: "created_at"),
            fileLocationColumn: section.string("file_location_column", expected: column, default: "file_location"),
            sizeBytesColumn: section.string("size_bytes_column", expected: column, defaultUnlessNull: "size_bytes"),
            archivedColumn: section.string("archived_column", expected: column, default: "archived"))

        let others = [
            ("uid_column", uidColumn), ("created_at_column", createdAtColumn),
            ("file_location_column", fileLocationColumn), ("size_bytes_column", sizeBytesColumn ?? ""),
        ]
        for (key, name) in others where name.lowercased() == archivedColumn.lowercased() {
            section.report("archived_column", "must be another column than \(key): marking would overwrite it")
        }
    }

    private static func url(_ section: ConfigurationSection) -> DatabaseURL {
        let unusable = DatabaseURL.sqlite(path: "")
        guard let text = section.requiredSecret("url", expected: DatabaseURL.expectation) else {
            return unusable
        }
        do {
            return try DatabaseURL(text)
        } catch {
            section.report("url", error.message)
            return unusable
        }
    }
}
