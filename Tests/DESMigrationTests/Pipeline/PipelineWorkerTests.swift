import DESBase
import DESCatalog
import DESCoordination
import DESCoordinationPostgres
import DESMigration
import DESRouting
import DESStorage
import DESTestSupport
import Foundation
import Glibc
import Logging
import Testing

/// Workers whose units are in a real PostgreSQL, over an SQLite catalog.
@Suite struct PipelineWorkerTests {
    private let fixture: PipelineFixture
    private let url: String

    init() throws {
        fixture = try PipelineFixture()
        let server = try PostgresTestServer.shared()
        url = server.postgresURL(database: try server.createPostgresDatabase())
    }

    private func board(_ worker: String) -> PostgresUnitBoard {
        PostgresUnitBoard(url, job: "files", worker: worker, lease: .seconds(60), planAge: .zero)
    }

    private func world(_ board: PostgresUnitBoard, output: String? = nil) throws -> MigrationWorld {
        var world = try fixture.world()
        if let output { world.store = fixture.store(at: output) }
        world.work = ClaimedWork(
            board: board, catalog: world.catalog, store: world.store, bits: fixture.settings.shardBits,
            rowsPerUnit: 1000,
            staging: world.staging, threads: world.threads.pool("des-identity", count: 1), clock: world.clock,
            random: world.random,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return world
    }

    @Test func `A worker migrates all days, and leaves nothing noted`() async throws {
        try fixture.addFiles(20, days: 3)
        let board = board("one")
        let outcome = try await fixture.run(in: world(board))
        outcome.expectBooks(migrated: 20)
        try fixture.expectSettled(fixture.files)
        let status = try await board.status()
        #expect((status.unitsDone, status.filesMigrated, status.rowsLeft) == (3, 20, 0))
        await board.close()
    }

    @Test func `A worker that publishes to another place than the others does nothing`() async throws {
        try fixture.addFiles(5)
        let (one, two) = (board("one"), board("two"))
        try await fixture.run(in: world(one)).expectBooks(migrated: 5)
        try fixture.addFiles(5)
        let other = try fixture.folder.folder("other")
        try PipelineDisk.write(Array("another".utf8), to: "\(other)/_desStore")
        let outcome = try await fixture.run(in: world(two, output: other))
        outcome.expectBooks(migrated: 0)
        #expect(outcome.result.fatalError?.contains("is not the place that the other workers") == true)
        #expect(PipelineArchive.shards(in: other).isEmpty)
        for board in [one, two] { await board.close() }
    }

    @Test func `A worker with other n_bits than the job is refused before it claims anything`() async throws {
        try fixture.addFiles(12, days: 3)
        let (one, two) = (board("one"), board("two"))
        try await fixture.run(in: world(one)).expectBooks(migrated: 12)
        try fixture.addFiles(4, days: 2)
        let before = PipelineArchive.shards(in: fixture.output)
        fixture.settings.shardBits = try #require(ShardBits(8))
        // The store would not tell.
        try PipelineDisk.write(Array("fixture\nn_bits 8\n".utf8), to: "\(fixture.output)/\(StoreMark.key)")
        let outcome = try await fixture.run(in: world(two))
        outcome.expectBooks(migrated: 0)
        let error = try #require(outcome.result.fatalError)
        #expect(error.contains("packer.n_bits is 8 here, but 4 for the other workers of the job files"))
        #expect(PipelineArchive.shards(in: fixture.output) == before)
        let status = try await two.status()
        #expect((status.unitsLeased, status.unitsSetAside) == (0, 0))

        try PipelineDisk.write(Array("fixture\nn_bits 4\n".utf8), to: "\(fixture.output)/\(StoreMark.key)")
        fixture.settings.shardBits = try #require(ShardBits(4))
        try await fixture.run(in: world(one)).expectBooks(migrated: 4)
        for board in [one, two] { await board.close() }
    }

    @Test func `A job of an older version goes on with the number of bits that its workers have`() async throws {
        try fixture.addFiles(12, days: 3)
        let one = board("one")
        try await one.begin()
        try PostgresTestServer.shared().psql(
            """
            INSERT INTO des_migration_units (job, unit, day, first_shard, last_shard, shard_bits, cutoff, state)
            SELECT 'files', to_char(day, 'YYYY-MM-DD'), day, 0, 255, 8, now(), 'pending'
            FROM (SELECT DATE '1970-01-01' + 20000 AS day) AS d
            """, database: database)
        try await fixture.run(in: world(one)).expectBooks(migrated: 12)
        try fixture.expectSettled(fixture.files)
        await one.close()
    }

    @Test func `A worker whose job is taken out of the database while it works says so and fails`() async throws {
        try fixture.addFiles(12, days: 3)
        fixture.settings.uploads = 1
        let one = board("one")
        let database = database
        let faults = PipelineFaults.hookOnce(.markAfter) {
            _ = try? PostgresTestServer.shared().psql(
                "TRUNCATE des_migration_units, des_migration_shards, des_migration_workers", database: database)
        }
        var world = try fixture.world(faults: faults)
        world.work = ClaimedWork(
            board: one, catalog: world.catalog, store: world.store, bits: fixture.settings.shardBits, rowsPerUnit: 1000,
            staging: world.staging, threads: world.threads.pool("des-identity", count: 1), clock: world.clock,
            random: world.random,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let outcome = try #require(try await fixture.run(with: faults, in: world))
        #expect(outcome.result.filesMigrated < 12)
        #expect(outcome.result.fatalError?.contains("not in the coordination database any more") == true)

        let next = board("next")
        _ = try await fixture.run(in: self.world(next))
        try fixture.expectSettled(fixture.files)
        for board in [one, next] { await board.close() }
    }

    private var database: String { String(url.split(separator: "/").last?.split(separator: "?").first ?? "") }

    /// A worker that dies when it is to mark for the first time; its lease is over.
    private func die() async throws {
        fixture.settings.uploads = 1
        let dead = board("dead")
        let faults = PipelineFaults(at: [.markBefore], occurrence: 1, kind: .death)
        var world = try fixture.world(faults: faults)
        world.work = ClaimedWork(
            board: dead, catalog: world.catalog, store: world.store, bits: fixture.settings.shardBits,
            rowsPerUnit: 1000,
            staging: world.staging, threads: world.threads.pool("des-identity", count: 1), clock: world.clock,
            random: world.random,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        #expect(try await fixture.run(with: faults, in: world) == nil)
        #expect(!PipelineArchive.shards(in: fixture.output).isEmpty)
        await dead.close()
        try PostgresTestServer.shared().psql(
            "UPDATE des_migration_units SET lease_until = now() WHERE state = 'leased'", database: database)
    }

    @Test func `What a killed worker has published is taken over by the next one, and no file is packed twice`()
        async throws
    {
        try fixture.addFiles(20, days: 2)
        try await die()
        let next = board("next")
        let outcome = try await fixture.run(in: self.world(next))
        outcome.expectBooks(migrated: 20)
        try fixture.expectSettled(fixture.files)
        try fixture.expectOnly(fixture.files)
        await next.close()
    }

    @Test func `A source whose deletion was postponed goes in a later cycle of workers`() async throws {
        try fixture.addFiles(20, days: 2)
        fixture.settings.deletesSources = true
        let held = try #require(fixture.files.last).path
        // Elsewhere such a file cannot be told.
        guard try OpenFile(held).takeReadLease() == .taken else { return }
        let writer = open(held, O_WRONLY)
        let one = board("one")
        let first = try await fixture.run(in: world(one))
        first.expectBooks(migrated: 20)
        #expect(PipelineDisk.names(in: fixture.sources) == [URL(filePath: held).lastPathComponent])
        #expect(first.log.contains { $0.contains("a later cycle compares it with what was packed") })
        close(writer)
        let two = board("two")
        let second = try await fixture.run(in: world(two))
        second.expectBooks(migrated: 0)
        #expect(second.result.filesDeleted == 1)
        #expect(PipelineDisk.names(in: fixture.sources).isEmpty && fixture.stagedNames.isEmpty)
        let noted = try PostgresTestServer.shared().psql(
            "SELECT count(*) FROM des_migration_shards", database: database)
        #expect(noted.contains("0"))
        for board in [one, two] { await board.close() }
    }

    @Test func `A published shard that is damaged stops its unit, and the others are done`() async throws {
        try fixture.addFiles(20, days: 2)
        try await die()
        for shard in PipelineArchive.shards(in: fixture.output) {
            let path = fixture.output + "/" + shard
            try Data("DESv".utf8).write(to: URL(filePath: path))
        }
        let next = PostgresUnitBoard(
            url, job: "files", worker: "next", lease: .seconds(60), maximumAttempts: 2, planAge: .zero)
        let outcome = try await fixture.run(in: world(next))
        #expect(outcome.result.fatalError == nil)
        #expect(outcome.result.filesMigrated == 10)
        let status = try await next.status()
        #expect(status.unitsSetAside == 1 && status.unitsDone == 1)
        #expect(status.setAside.first?.error?.contains("an earlier worker published is damaged") == true)
        await next.close()
    }

    @Test func `A coordination database that is older than the catalog is named, and nothing is migrated`() async throws
    {
        try fixture.addFiles(5)
        let (one, two) = (board("one"), board("two"))
        try await fixture.run(in: world(one)).expectBooks(migrated: 5)
        try PostgresTestServer.shared().psql(
            "DELETE FROM des_migration_units; ALTER SEQUENCE des_migration_tokens RESTART", database: database)
        try fixture.addFiles(5)
        let outcome = try await fixture.run(in: world(two))
        outcome.expectBooks(migrated: 0)
        #expect(outcome.result.fatalError?.contains("restored from a backup") == true)
        let status = try await two.status()
        #expect(status.rowsLeft == 5 && status.unitsSetAside == 0)
        for board in [one, two] { await board.close() }
    }
}
