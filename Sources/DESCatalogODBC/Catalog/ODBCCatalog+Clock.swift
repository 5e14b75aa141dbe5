package import DESBase
import DESODBC

extension ODBCCatalog {
    package func serverTime() async throws -> Timestamp? {
        let table = try await table()
        guard let query = table.dialect.secondsSinceEpoch else { return nil }
        let seconds: Int64? = try await reader.run("cannot ask the server for the time") { session in
            try session.execute(query).first?.first?.integer
        }
        return seconds.flatMap { Timestamp(epoch: $0) }
    }
}

extension SQLDialect {
    /// Asks for the server's time, whole seconds since 1970; nil if the database has no clock of its own, or none is known.
    fileprivate var secondsSinceEpoch: String? {
        switch product {
        case .mysql: "SELECT UNIX_TIMESTAMP()"
        case .postgresql: "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) AS bigint)"
        case .sqlServer: "SELECT DATEDIFF_BIG(second, '1970-01-01', SYSUTCDATETIME())"
        case .oracle, .sqlite, .other: nil
        }
    }
}
