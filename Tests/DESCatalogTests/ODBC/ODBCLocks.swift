import DESCatalog
import DESODBC

@testable import DESCatalogODBC

extension ODBCCatalog {
    /// Locks the row of a uid in an open transaction while the body runs.
    func holdLock(on uid: String, _ body: @Sendable () async throws -> Void) async throws {
        try await hold("UPDATE files SET size_bytes = 99 WHERE uid = '\(uid)'", body)
    }

    /// Locks the fence of a unit as a mark does, and stays so while the body runs: a worker that was paused.
    func holdFence(_ unit: String, _ body: @Sendable () async throws -> Void) async throws {
        try await hold("SELECT token FROM des_migration_fences WHERE unit = '\(unit)' LOCK IN SHARE MODE", body)
    }

    private func hold(_ sql: String, _ body: @Sendable () async throws -> Void) async throws {
        try await writer.run("cannot lock") { session in
            try session.execute("START TRANSACTION")
            try session.execute(sql)
        }
        let result: Result<Void, any Error>
        do { result = .success(try await body()) } catch { result = .failure(error) }
        // The server may have ended the session.
        _ = try? await writer.run("cannot unlock") { session in try session.execute("ROLLBACK") }
        try result.get()
    }
}
