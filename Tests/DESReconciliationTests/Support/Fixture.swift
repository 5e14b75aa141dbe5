import DESBase
import DESCatalog
import DESCatalogSQLite
import DESMigration
import DESReconciliation
import DESShard
import DESStorage
import DESTestSupport
import Foundation
import GRDB
import Logging

/// A catalog, its sources, and a folder of shards, all in a throw-away folder; a test makes them disagree.
final class Fixture: Sendable {
    struct File: Sendable {
        var uid: String
        var time: String = "2024-01-02T03:04:05Z"
        var content: String = "content"
        /// The SHA-256 if it is kept beside the shard.
        var bigFile: String?
        /// Whether the entry has its time.
        var isDated = true
    }

    /// When the tests happen.
    static let now = Timestamp(parsing: "2024-06-01T00:00:00Z") ?? .latest
    /// Long before, and just before.
    static let old = Date(timeIntervalSince1970: 1_710_000_000)
    static let young = Date(timeIntervalSince1970: 1_717_190_000)

    let path: String
    private let folder: TemporaryFolder
    let database: DatabaseQueue
    let threads = ThreadPool(name: "test-store", count: 2)

    init(createdAt: String = "TEXT") throws {
        folder = try TemporaryFolder()
        path = folder.path
        for folder in ["output/_bigFiles", "staging", "sources"] {
            try FileSystem.createDirectory("\(path)/\(folder)")
        }
        database = try DatabaseQueue(path: path + "/catalog.db")
        try database.write {
            try $0.execute(
                sql: """
                    CREATE TABLE files (
                        id INTEGER PRIMARY KEY, uid TEXT, created_at \(createdAt), file_location TEXT, size_bytes INTEGER,
                        archived BOOLEAN);
                    CREATE INDEX files_by_time ON files (created_at, uid)
                    """)
        }
    }

    deinit { try? database.close() }

    // MARK: Making things

    /// A row for each file; its source is `sources/<uid>`.
    func addRows(_ files: [File], isMarked: Bool = true, hasSource: Bool = false, place: String = "") throws {
        try database.write { database in
            for file in files {
                try database.execute(
                    sql: """
                        INSERT INTO files (uid, created_at, file_location, size_bytes, archived) VALUES (?, ?, ?, ?, ?)
                        """,
                    arguments: [
                        file.uid, file.time, source(file.uid + place), file.content.utf8.count, isMarked ? 1 : 0,
                    ])
            }
        }
        for file in files where hasSource { try write(file.content, to: "sources/\(file.uid)\(place)") }
    }

    func source(_ name: String) -> String { "\(path)/sources/\(name)" }

    func write(_ text: String, to name: String, modified: Date = Fixture.old) throws {
        let path = "\(path)/\(name)"
        try Data(text.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.modificationDate: modified], ofItemAtPath: path)
    }

    /// The key of a shard.
    static func key(day: String = "20240102", number: Int = 0, suffix: Int = 0) -> String {
        let digits = String(suffix)
        let hex = String(number, radix: 16, uppercase: true)
        let padded = String(repeating: "0", count: 2 - hex.count) + hex
        return "\(day)_\(padded)_\(String(repeating: "0", count: 26 - digits.count))\(digits).des"
    }

    /// Writes the first shard of 2024-01-02.
    func addShard(_ files: [File], modified: Date = Fixture.old) throws {
        try addShard(Fixture.key(), files, modified: modified)
    }

    /// Writes a shard into the output folder, or another one.
    func addShard(
        _ key: String, _ files: [File], modified: Date = Fixture.old, folder: String = "output"
    ) throws {
        let sink = BytesSink()
        let writer = ShardWriter(name: key, sink: sink)
        for file in files {
            let bytes = Array(file.content.utf8)
            let crc = bytes.withUnsafeBytes { CRC32(of: $0) }
            let time = file.isDated ? #""created_at":"\#(file.time)","# : ""
            try Array(#"{\#(time)"crc32":"\#(crc)"}"#.utf8).withUnsafeBytes { meta in
                if let hash = file.bigFile {
                    try writer.appendBigFile(uid: file.uid, sha256: hash, size: UInt64(bytes.count), meta: meta)
                } else {
                    try bytes.withUnsafeBytes {
                        try writer.append(
                            uid: file.uid, stored: $0, codec: .none, size: UInt64(bytes.count), meta: meta)
                    }
                }
            }
        }
        try writer.finish()
        let path = "\(path)/\(folder)/\(key)"
        try Data(sink.bytes).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.modificationDate: modified], ofItemAtPath: path)
    }

    static func hash(_ content: String) -> String {
        let hash = SHA256()
        Array(content.utf8).withUnsafeBytes { hash.update($0) }
        return hash.finish()
    }

    func addBigFile(_ content: String, modified: Date = Fixture.old) throws {
        try write(content, to: "output/_bigFiles/\(Self.hash(content))", modified: modified)
    }

    // MARK: Looking

    var store: DirectoryStore { DirectoryStore(root: path + "/output", threads: threads) }

    func catalog(hasSizes: Bool = true) -> SQLiteCatalog {
        SQLiteCatalog(
            path: path + "/catalog.db", schema: CatalogSchema(table: "files", sizeColumn: hasSizes ? "size_bytes" : nil)
        )
    }

    func world(store: (any ObjectStore)? = nil, catalog: (any SourceCatalog)? = nil) throws -> ReconciliationWorld {
        ReconciliationWorld(
            catalog: catalog ?? self.catalog(), store: store ?? self.store, sources: try LocalSourceFiles(roots: []),
            stagingDirectory: path + "/staging", now: { Self.now },
            retryPolicy: RetryPolicy(
                firstDelay: .milliseconds(1), longestDelay: .milliseconds(1), deadline: .milliseconds(20)))
    }

    func reconcile(
        repairs: Bool = false, store: (any ObjectStore)? = nil, catalog: (any SourceCatalog)? = nil,
        _ change: (inout ReconciliationSettings) -> Void = { _ in }
    ) async throws -> ReconciliationReport {
        var settings = ReconciliationSettings()
        settings.repairs = repairs
        settings.deletesOrphans = repairs
        settings.deletesSources = true
        change(&settings)
        let world = try world(store: store, catalog: catalog)
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let report = try await Reconciliation(world: world, settings: settings, logger: logger).run()
        await world.catalog.close()
        return report
    }

    /// Which uids are marked.
    func markedUIDs() throws -> [String] {
        try database.read { try String.fetchAll($0, sql: "SELECT uid FROM files WHERE archived = 1 ORDER BY id") }
    }

    func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(path)/\(name)") }
}

/// Keeps what is written.
final class BytesSink: ShardSink {
    private(set) var bytes: [UInt8] = []

    func write(_ bytes: UnsafeRawBufferPointer) { self.bytes += bytes }
}

extension ReconciliationReport {
    /// What was found, by kind, without the kinds of which nothing was found.
    var counts: [Finding.Kind: Int] { found.filter { $0.value > 0 } }

    func uids(_ kind: Finding.Kind) -> [String] { (findings[kind] ?? []).compactMap(\.uid) }
}
