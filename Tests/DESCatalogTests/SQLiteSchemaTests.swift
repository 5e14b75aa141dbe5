import DESBase
import DESCatalog
import DESCatalogSQLite
import DESTestSupport
import Foundation
import Testing

@Suite("Opening an SQLite catalog")
struct SQLiteSchemaTests {
    @Test("A missing file is an error and is not created")
    func missingFile() async throws {
        let database = try TemporaryDatabase()
        let path = database.path + "-nowhere"
        let catalog = SQLiteCatalog(path: path, schema: CatalogSchema(table: "files"))
        let error = await catalogError { try await catalog.checkSchema() }
        #expect(error?.code == .cannotOpen)
        #expect(error?.description.contains(path) == true)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("A folder, a text file and a damaged database are told apart from an empty one")
    func noDatabase() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable)
        let folder = SQLiteCatalog(path: database.folder.path, schema: CatalogSchema(table: "files"))
        #expect(await catalogError { try await folder.checkSchema() }?.code == .cannotOpen)

        let textFile = database.folder.url.appending(path: "notes.txt")
        try Data(String(repeating: "no database\n", count: 1000).utf8).write(to: textFile)
        let text = SQLiteCatalog(path: textFile.path, schema: CatalogSchema(table: "files"))
        #expect(await catalogError { try await text.checkSchema() }?.code == .corrupt)

        try Data().write(to: textFile)
        let empty = SQLiteCatalog(path: textFile.path, schema: CatalogSchema(table: "files"))
        #expect(await catalogError { try await empty.checkSchema() }?.code == .missingTable)
    }

    @Test("A damaged page is reported as corruption, and not as the end of the rows")
    func damagedPage() async throws {
        let database = try TemporaryDatabase(
            TemporaryDatabase.defaultTable,
            """
            WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)
            INSERT INTO files SELECT i, 'uid' || i, '2024-01-02', '/data/' || i, 1, 0 FROM n
            """)
        let file = try FileHandle(forUpdating: URL(filePath: database.path))
        let size = try file.seekToEnd()
        try file.seek(toOffset: size / 2)
        try file.write(contentsOf: Data(repeating: 0xA5, count: 40_000))
        try file.close()
        let catalog = database.catalog()
        let error = await catalogError {
            _ = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 1000)
        }
        #expect(error?.code == .corrupt)
        #expect(error?.isTransient == false)
    }

    @Test("A missing table or column is named with the nearest one there is")
    func nearestName() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable)
        let table = database.catalog(schema: CatalogSchema(table: "flies"))
        let tableError = await catalogError { try await table.checkSchema() }
        #expect(tableError?.code == .missingTable)
        #expect(tableError?.description.contains("did you mean \"files\"?") == true)

        var schema = CatalogSchema(table: "files")
        schema.locationColumn = "file_locaton"
        let column = database.catalog(schema: schema)
        let columnError = await catalogError { try await column.checkSchema() }
        #expect(columnError?.code == .missingColumn)
        #expect(columnError?.description.contains("file_location_column") == true)
        #expect(columnError?.advice == "did you mean \"file_location\"?")
    }

    @Test(
        "Any identifier is quoted safely",
        arguments: [
            "select", "two words", "with\"quote", "x\"; DROP TABLE files; --", "with.dot", "größe 名前", "[a]",
            "'single'",
            "back\\slash", "?1", "t", "rowid_", "\u{1F4C1}",
        ])
    func hostileIdentifiers(name: String) async throws {
        func quoted(_ name: String) -> String { "\"" + name.replacing("\"", with: "\"\"") + "\"" }
        let columns = ["uid", "time", "place", "size", "done", "meta"].map { name + $0 }
        let database = try TemporaryDatabase(
            "CREATE TABLE \(quoted(name)) (\(columns.map(quoted).joined(separator: ", ")))",
            "CREATE INDEX i ON \(quoted(name)) (\(quoted(columns[1])), \(quoted(columns[0])))",
            "INSERT INTO \(quoted(name)) VALUES ('a', '2024-01-02', '/a', 5, 0, 'm'), ('b', NULL, '/b', 6, NULL, 'n')")
        for table in [name, "main.\(name)"] {
            let catalog = database.catalog(
                schema: CatalogSchema(
                    table: table, uidColumn: columns[0], createdAtColumn: columns[1], locationColumn: columns[2],
                    sizeColumn: columns[3], archivedColumn: columns[4], metaColumns: [columns[5]]))
            try await catalog.checkSchema()
            let scan = try await catalog.pendingRows(olderThan: .latest)
            #expect(scan.pagingNote == nil)
            let rows = try await scan.allRows()
            #expect(rows.uids == ["a", "b"])
            #expect(rows.map(\.meta) == [[.text("m")], [.text("n")]])
            #expect(try await catalog.statistics(olderThan: .latest).totalSizeInBytes == 5)
            #expect(try await catalog.locationsStillPending(["/a", "/c"]) == ["/a"])
            #expect(try await catalog.mark(rows.map(\.key)) == [.marked, .marked])
            try database.execute("UPDATE \(quoted(name)) SET \(quoted(columns[4])) = 0")
        }
    }

    @Test("Names differ by more than the case of their letters, as in SQLite")
    func letterCase() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable)
        let catalog = database.catalog(schema: CatalogSchema(table: "FILES", uidColumn: "Uid"))
        try await catalog.checkSchema()
    }

    @Test("A closed catalog says so")
    func closed() async throws {
        let database = try TemporaryDatabase(TemporaryDatabase.defaultTable)
        let catalog = database.catalog()
        try await catalog.checkSchema()
        await catalog.close()
        #expect(await catalogError { _ = try await catalog.statistics(olderThan: .latest) }?.code == .closed)
    }
}
