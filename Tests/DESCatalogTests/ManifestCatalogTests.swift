import DESBase
import DESCatalog
import DESTestSupport
import Foundation
import Testing

@Suite("JSON manifests")
struct ManifestCatalogTests {
    private func manifest(_ json: String) throws -> ManifestCatalog {
        try ManifestCatalog(json: Array(json.utf8), path: "files.json")
    }

    @Test("The rows come by time and uid, and are marked in memory")
    func rows() async throws {
        let catalog = try manifest(
            """
            [{"uid": "b", "created_at": "2024-01-02", "size_bytes": 2, "source_path": "/b", "owner": {"x": [1]}},
             {"uid": 7, "created_at": 1704153600, "source_path": "s3://bucket/7"},
             {"uid": "a", "created_at": "2024-01-01T00:00:00+01:00", "size_bytes": null, "source_path": "/a"},
             {"uid": 123456789012345678901234567890, "created_at": "2024-01-05", "size_bytes": "10", "source_path": "/n"}]
            """)
        #expect(catalog.problems.isEmpty)
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 2)
        #expect(rows.uids == ["a", "7", "b", "123456789012345678901234567890"])
        #expect(rows.map(\.key.rowID) == [3, 2, 1, 4])
        #expect(rows.map(\.size.integerValue) == [nil, nil, 2, 10])
        #expect(try await catalog.mark([rows[1].key, rows[1].key]) == [.marked, .alreadyMarked])
        #expect(try await catalog.locationsStillPending(["/a", "s3://bucket/7"]) == ["/a"])
        let statistics = try await catalog.statistics(olderThan: #require(Timestamp(parsing: "2024-01-04")))
        #expect(statistics.totalFiles == 2)
        #expect(statistics.totalSizeInBytes == 2)
        #expect(statistics.rowsAfterCutoff == 1)
        let recovered = try await catalog.recoveredRows(for: [("7", #require(Timestamp(parsing: "2024-01-02")))])
        #expect(recovered.map { $0.map(\.isArchived) } == [[true]])
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().count == 3)
    }

    @Test("A bad entry is a row with NULL values and a problem with its number")
    func badEntries() async throws {
        let catalog = try manifest(
            """
            [{"uid": "a", "created_at": "2024-01-01", "source_path": "/a"}, 5, null,
             {"uid": true, "created_at": "soon", "size_bytes": -1, "source_path": 3}, {"uid": "", "created_at": "2024-01-01"}]
            """)
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows()
        #expect(rows.count == 5)
        #expect(rows.filter { $0.key.uid != .null }.map(\.key.rowID) == [1])
        #expect(
            catalog.problems.map(\.description) == [
                "entry 2: expected an object with uid, created_at, size_bytes and source_path",
                "entry 3: expected an object with uid, created_at, size_bytes and source_path",
                "entry 4: uid: expected a text that is not empty, or a whole number",
                "entry 4: created_at: expected a time such as 2024-01-02T03:04:05Z",
                "entry 4: size_bytes: expected a whole number of bytes, or nothing",
                "entry 4: source_path: expected a path or s3://bucket/key",
                "entry 5: uid: expected a text that is not empty, or a whole number",
                "entry 5: source_path: expected a path or s3://bucket/key",
            ])
        #expect(try await catalog.statistics(olderThan: .latest).rowsWithUnusableKey == 4)
    }

    @Test(
        "What is wrong is told with line and column",
        arguments: [
            ("[{\"uid\": NaN}]", "line 1, column 10: expected a value, found \"NaN\""),
            ("[{\"uid\" \"a\"}]", "line 1, column 9: expected \":\", found"),
            ("[{'uid': 1}]", "line 1, column 3: expected a key in quotation marks"),
            ("[{\"uid\": \"a}]", "line 1, column 10: a text that begins here does not end"),
            ("[{\"uid\": 1}] x", "line 1, column 14: expected the end, found \"x\""),
            ("[{\"uid\": 1}", "line 1, column 12: expected \",\" or \"]\", found the end"),
            ("{\"uid\": \"a\", \"source_path\": \"/a\"}\n\n{\"uid\": }", "line 3, column 9: expected a value"),
            ("{\"uid\": \"a\",\n \"source_path\": \"/a\"}", "line 1, column 13: expected a key"),
            ("{\"a\": 1}", "line 1: expected an entry with uid, created_at and source_path"),
            ("", "it is empty"), (" \n", "it is empty"), ("5", "something else than a list"),
        ])
    func place(json: String, reason: String) throws {
        let error = #expect(throws: CatalogError.self) { try manifest(json) }
        #expect(error?.code == .corrupt)
        #expect(error?.description.contains(reason) == true, "\(error?.description ?? "")")
    }

    @Test("JSON lines are read, an entry on each, with blank lines, Windows line ends and a byte order mark")
    func lines() async throws {
        let catalog = try manifest(
            "\u{FEFF}{\"uid\": \"b\", \"created_at\": \"2024-01-02\", \"source_path\": \"/b\"}\r\n\n"
                + "{\"uid\": \"a\", \"created_at\": \"2024-01-01\", \"source_path\": \"/a\"}\r\n")
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().uids == ["a", "b"])
    }

    @Test(
        "What is no JSON or no list is refused",
        arguments: ["", "[", "{}", "{\"files\": []}", "5", "[{\"uid\": }]", "\"text\""])
    func noList(json: String) {
        #expect(throws: CatalogError.self) { try manifest(json) }
    }

    @Test("A manifest is read from its file, and a missing one is an error that names it")
    func files() async throws {
        let database = try TemporaryDatabase()
        let path = database.folder("manifest.json")
        let error = await catalogError { _ = try await ManifestCatalog.load(path: path) }
        #expect(error?.code == .cannotOpen)
        #expect(error?.description.contains(path) == true)
        try Data("[]".utf8).write(to: URL(filePath: path))
        let catalog = try await ManifestCatalog.load(path: path)
        #expect(try await catalog.pendingRows(olderThan: .latest).allRows().isEmpty)
    }
}
