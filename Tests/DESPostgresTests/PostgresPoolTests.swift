import DESPostgres
import DESTestSupport
import Testing

@testable import struct DESPostgres.PoolState

@Suite("The pool of connections")
struct PostgresPoolTests {
    @Test("Who waits longest is served first, and who gives up is forgotten")
    func fairness() {
        var state = PoolState(slots: 2)
        let taken = (1...5).map { state.acquire(waiter: $0) }
        #expect(taken == [0, 1, nil, nil, nil])
        let left = [4, 4, 1].map { state.giveUp(waiter: $0) }
        #expect(left == [true, false, false])
        let handed = [1, 0, 0].map { state.release(slot: $0) }
        #expect(handed == [PoolState.Handover(waiter: 3, slot: 1), PoolState.Handover(waiter: 5, slot: 0), nil])
        let next = state.acquire(waiter: 6)
        #expect(next == 0)
    }

    @Test("Many calls share few connections, and a cancelled one waits no longer")
    func sharing() async throws {
        let server = try PostgresTestServer.shared()
        let pool = PostgresPool(PostgresSettings(server.postgresURL(), applicationName: "des-pool"), size: 2)
        let pids = try await withThrowingTaskGroup(of: Int64.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await pool.run("cannot ask") {
                        try $0.query("SELECT pg_backend_pid()::int8 FROM pg_sleep(0.01)").integer(0, 0) ?? 0
                    }
                }
            }
            return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
        }
        #expect(pids.count <= 2)
        let busy = (0..<2).map { _ in
            Task { try await pool.run("cannot sleep") { try $0.execute("SELECT pg_sleep(60)") } }
        }
        try await waitUntil {
            try server.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'des-pool' AND query LIKE '%pg_sleep(60)'"
            )
                == "2"
        }
        let waiting = Task { try await pool.run("cannot ask") { try $0.execute("SELECT 1") } }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        for task in busy { task.cancel() }
        for task in busy { await #expect(throws: CancellationError.self) { try await task.value } }
        try await pool.run("cannot ask") { try $0.execute("SELECT 1") }
        await pool.close()
        await #expect(throws: PostgresError.self) { try await pool.run("cannot ask") { try $0.execute("SELECT 1") } }
    }
}
