import DESTestSupport
import Foundation
import Testing

/// A folder of its own for one test, with sources, a catalog and configurations; it goes with the object.
final class Workspace: Sendable {
    struct Row {
        var uid: String
        var contents: String
        /// Where the catalog says the file is; nil: where it is.
        var location: String?
        var createdAt = "2024-01-02 03:04:05"
    }

    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    var path: String { folder.path }

    // MARK: - Files

    func write(_ contents: some Sequence<UInt8>, to name: String) throws { try folder.write(name, contents) }

    func write(_ text: String, to name: String) throws { try write(text.utf8, to: name) }

    func bytes(_ name: String) throws -> [UInt8] { try folder.bytes(of: name) }

    func text(_ name: String) throws -> String { try folder.text(of: name) }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }

    /// The names in a folder, sorted; none if there is no such folder.
    func names(_ folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? []).sorted()
    }

    /// The names of the shards in a folder.
    func shards(_ folder: String = "des_output") -> [String] { names(folder).filter { $0.hasSuffix(".des") } }

    // MARK: - Catalog

    /// Runs SQL on `catalog.db` and returns what it prints.
    @discardableResult func sql(_ text: String) async throws -> String {
        let script = "\(UUID().uuidString).sql"
        try write(text, to: script)
        let result = try await DESCommandsTests.run(
            "/usr/bin/env", ["sqlite3", "-bail", "-cmd", ".timeout 20000", "catalog.db", ".read \(script)"], in: path)
        try FileManager.default.removeItem(atPath: "\(path)/\(script)")
        try #require(result.end == .exit(0), "\(result.everything)")
        return result.output.trimmingCharacters(in: .newlines)
    }

    static let table = """
        CREATE TABLE files (
            id INTEGER PRIMARY KEY, uid TEXT, created_at TEXT, file_location TEXT, size_bytes INTEGER,
            archived BOOLEAN NOT NULL DEFAULT 0
        );
        CREATE INDEX files_by_time ON files (created_at, uid);
        """

    /// A catalog of these files, which are written to `sources/`.
    func makeCatalog(_ rows: [Row]) async throws {
        var text = Self.table + "BEGIN;"
        for (number, row) in rows.enumerated() {
            let file = "sources/\(number)"
            try write(row.contents, to: file)
            text += """
                INSERT INTO files (uid, created_at, file_location, size_bytes) VALUES (
                    \(Self.quoted(row.uid)), \(Self.quoted(row.createdAt)),
                    \(Self.quoted(row.location ?? "\(path)/\(file)")), \(row.contents.utf8.count));
                """
        }
        try await sql(text + "COMMIT;")
    }

    /// Plain files with different contents on three days.
    static func rows(_ count: Int) -> [Row] {
        (0..<count).map { number in
            Row(
                uid: "file-\(number).txt", contents: String(repeating: "content \(number)\n", count: number % 50 + 1),
                createdAt: "2024-01-0\(number % 3 + 1) 12:00:00")
        }
    }

    /// A catalog with one row without a file, the first unless told otherwise, and others that are all one file: many rows
    /// without many files.
    ///
    /// The message about that row tells that the first page has been fetched.
    ///
    /// - Parameter missingAfter: how many rows come before the one without a file, in the order of a run.
    func makeCatalog(rowsOfOneFile count: Int, contents: [UInt8], missingAfter: Int = 0) async throws {
        try write(contents, to: "source.txt")
        func rows(_ numbers: ClosedRange<Int>) -> String {
            """
            WITH RECURSIVE numbers (n) AS (
                SELECT \(numbers.lowerBound) UNION ALL SELECT n + 1 FROM numbers WHERE n < \(numbers.upperBound))
            INSERT INTO files (uid, created_at, file_location, size_bytes)
            SELECT 'row-' || n, '2024-01-02 00:00:00', '\(path)/source.txt', \(contents.count) FROM numbers;
            """
        }
        try await sql(
            Self.table + (missingAfter > 0 ? rows(1...missingAfter) : "") + """
                INSERT INTO files (uid, created_at, file_location)
                VALUES ('first', '\(missingAfter > 0 ? "2024-01-02 00:00:00" : "2024-01-01")', '\(path)/missing');
                """ + rows((missingAfter + 1)...count))
    }

    private static func quoted(_ text: String) -> String {
        "'" + text.replacingOccurrences(of: "'", with: "''") + "'"
    }

    // MARK: - Programs

    /// Writes `config.yaml`: the catalog of this workspace, and what is given besides.
    func configure(_ more: String = "") throws {
        try write("database:\n  url: sqlite:///catalog.db\n" + more + "\n", to: "config.yaml")
    }

    func start(
        _ program: String, _ arguments: String..., environment: [String: String] = [:]
    ) throws -> CommandRun {
        try CommandRun(program, arguments, environment: environment, in: path)
    }

    func run(
        _ program: String, _ arguments: String..., environment: [String: String] = [:]
    ) async throws -> CommandResult {
        try await CommandRun(program, arguments, environment: environment, in: path).finish()
    }
}
