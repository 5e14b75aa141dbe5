import DESBase
import DESCatalog
import DESCatalogPostgres
import DESTestSupport
import Foundation
import Testing

@Suite("Servers that fail over, and disks that are full")
struct PostgresServerFaultTests {
    @Test("After a failover a standby is told from a primary, and its promotion is noticed")
    func failover() async throws {
        let primary = try await Blocking.run { try PostgresTestServer.start() }
        let database = try await PostgresTestDatabase(
            PostgresTestDatabase.defaultTable, PostgresTestDatabase.indexes, on: primary)
        try await database.insertFiles(20)
        let standby = try await Blocking.run { try PostgresTestServer.start(standbyOf: primary) }
        let both = primary.postgresURL(database: database.name)
            .replacing(":\(primary["PORT"])/", with: ":\(primary["PORT"]),127.0.0.1:\(standby["PORT"])/")
        let catalog = PostgresCatalog(conninfo: both, schema: CatalogSchema(table: "files"))
        try await catalog.checkSchema()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 20)
        #expect(try await catalog.mark(Array(rows[..<5])) == Array(repeating: .marked, count: 5))
        try await waitUntil {
            try await Blocking.run {
                try standby.psql("SELECT count(*) FROM files WHERE archived", database: database.name) == "5"
            }
        }

        try await Blocking.run { try primary.kill() }
        let error = await catalogError { _ = try await catalog.mark(rows) }
        #expect(error?.code == .readOnly)
        #expect(error?.reason.contains("standby") == true)
        // What only reads goes on.
        #expect(try await catalog.locationsStillPending(["/data/f000001", "/data/f000006"]) == ["/data/f000006"])

        try await Blocking.run { try standby.perform("promote") }
        #expect(
            try await catalog.mark(rows)
                == Array(repeating: .alreadyMarked, count: 5) + Array(repeating: .marked, count: 15))
    }

    @Test(
        "A full disk of the server is told as such, and marks go on once there is space",
        .enabled(if: SmallDisk.isPossible))
    func fullDisk() async throws {
        let server = try await Blocking.run { try PostgresTestServer.start() }
        let database = try await PostgresTestDatabase(PostgresTestDatabase.defaultTable, on: server)
        let disk = try SmallDisk(at: server.folder.path + "/disk")
        _ = try ChildProcess.run(
            URL(filePath: "/usr/bin/env"), ["chown", "--reference=\(server.folder.path)/data", disk.path])
        try await database.execute("CREATE TABLESPACE small LOCATION '\(disk.path)'")
        try await database.execute("ALTER TABLE files SET TABLESPACE small")
        try await database.insertFiles(4000)
        let catalog = database.catalog()
        let rows = try await catalog.pendingRows(olderThan: .latest).allRows(pageSize: 4000)
        try await database.execute(
            "CREATE TABLE filler TABLESPACE small AS SELECT n, repeat('x', 100) FROM generate_series(1, 1500) n")
        try disk.fill()
        let error = await catalogError { _ = try await catalog.mark(rows) }
        #expect(error?.code == .diskFull)
        try disk.grow()
        #expect(Set(try await catalog.mark(rows)) == [.marked])
    }
}

/// A small file system in memory; needs the right to mount.
private final class SmallDisk: Sendable {
    static let isPossible: Bool = {
        guard let folder = try? TemporaryFolder() else { return false }
        return (try? SmallDisk(at: folder("probe"))) != nil
    }()

    let path: String

    init(at path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try Self.run("mount", "-t", "tmpfs", "-o", "size=4m,mode=777", "tmpfs", path)
    }

    deinit { try? Self.run("umount", "--lazy", path) }

    /// Takes all space that is left.
    func fill() throws { try? Self.run("dd", "if=/dev/zero", "of=\(path)/filler", "bs=4k") }

    func grow() throws { try Self.run("mount", "-o", "remount,size=64m", path) }

    private static func run(_ arguments: String...) throws {
        _ = try ChildProcess.run(URL(filePath: "/usr/bin/env"), arguments)
    }
}
