import DESBase
import DESCatalog
import DESCatalogSQLite
import DESTestSupport
import Foundation
import Testing

@Suite("A SQLite catalog whose file is replaced while it is open")
struct SQLiteReplacementTests {
    private static let table =
        "CREATE TABLE files (uid TEXT PRIMARY KEY, created_at, file_location, size_bytes, archived)"

    private func rename(_ old: String, _ new: String) throws {
        try #require(Foundation.rename(old, new) == 0)
    }

    /// A database with the rows a and b, and another file with b, a, c in another order of columns.
    private func databases(journal: String) throws -> (TemporaryDatabase, TemporaryDatabase) {
        let old = try TemporaryDatabase(
            "PRAGMA journal_mode = \(journal)", Self.table, TemporaryDatabase.index,
            "INSERT INTO files VALUES ('a', '2026-01-01', '/a', 1, 0), ('b', '2026-01-02', '/b', 1, 0)")
        let new = try TemporaryDatabase(
            "CREATE TABLE files (archived, size_bytes, uid TEXT PRIMARY KEY, file_location, created_at)",
            TemporaryDatabase.index,
            """
            INSERT INTO files VALUES (0, 1, 'c', '/c', '2026-01-03'), (0, 1, 'b', '/b', '2026-01-02'),
                (0, 1, 'a', '/a', '2026-01-01')
            """)
        return (old, new)
    }

    @Test(
        "Marks are made in the file that is there, after an error that can be tried again",
        arguments: ["DELETE", "TRUNCATE"])
    func marks(journal: String) async throws {
        let (old, new) = try databases(journal: journal)
        let catalog = old.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(try await catalog.mark([rows[0].key]) == [.marked])
        try rename(new.path, old.path)
        let error = await catalogError { _ = try await catalog.mark(rows.map(\.key)) }
        #expect(error?.code == .replaced)
        #expect(error?.isTransient == true)
        // Each of its connections notices it by itself.
        _ = await catalogError { _ = try await catalog.mark(rows.map(\.key)) }
        _ = try await catalog.mark(rows.map(\.key))
        #expect(try new.integer("SELECT count(*) FROM files WHERE archived = 1") == 2)
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().uids == ["c"])
        await catalog.close()
    }

    @Test("A scan does not go on in another file")
    func scan() async throws {
        let (old, new) = try databases(journal: "DELETE")
        let catalog = old.catalog()
        let scan = try await catalog.pendingRows(olderThan: .latest)
        #expect(try await scan.nextPage(atMost: 1).uids == ["a"])
        try rename(new.path, old.path)
        let error = await catalogError { _ = try await scan.nextPage(atMost: 1) }
        #expect(error?.code == .cannotOpen)
        #expect(error?.isTransient == false)
        await scan.close()
    }

    @Test(
        "A file that was removed, moved away, or is another one behind a link, is noticed",
        arguments: ["rm", "mv", "link"])
    func removed(how: String) async throws {
        let (old, new) = try databases(journal: "DELETE")
        let link = old.folder("link.db")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: old.path)
        let catalog = SQLiteCatalog(path: how == "link" ? link : old.path, schema: CatalogSchema(table: "files"))
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        switch how {
        case "rm": try FileManager.default.removeItem(atPath: old.path)
        case "mv": try rename(old.path, old.path + ".away")
        default:
            try FileManager.default.removeItem(atPath: link)
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: new.path)
        }
        let before = await catalogError { _ = try await catalog.mark(rows.map(\.key)) }
        #expect(before?.code == (how == "link" ? .replaced : .cannotOpen) || before?.code == .replaced)
        if how == "link" {
            _ = await catalogError { _ = try await catalog.mark(rows.map(\.key)) }
            _ = try await catalog.mark(rows.map(\.key))
            #expect(try new.integer("SELECT count(*) FROM files WHERE archived = 1") == 2)
        } else {
            let after = await catalogError { _ = try await catalog.mark(rows.map(\.key)) }
            #expect(after?.code == .cannotOpen)
            #expect(after?.description.contains("there is no such file") == true)
        }
        await catalog.close()
    }
}
