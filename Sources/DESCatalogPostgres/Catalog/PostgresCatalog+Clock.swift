package import DESBase
import DESPostgres

extension PostgresCatalog {
    package func serverTime() async throws -> Timestamp? {
        try await reader.use("cannot ask the server for the time") { session in
            try session.query("SELECT clock_timestamp()").microseconds(0, 0).map(
                Timestamp.init(microsecondsSinceEpoch:))
        }
    }
}
