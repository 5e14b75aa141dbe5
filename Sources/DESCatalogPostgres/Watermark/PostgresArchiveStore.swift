package import DESBase
package import DESCatalog
package import DESCatalogWatermark
package import DESPostgres

/// An archive store in a PostgreSQL database: that of the source catalog, or another one. The tables are those that the
/// user's search path leads to.
package final class PostgresArchiveStore: DatabaseArchiveStore {
    package static let tables = ArchiveTables.postgres

    package let id: Int64
    private let connection: PostgresConnection

    /// - Parameters:
    ///   - settings: the server. It is connected to on first use.
    ///   - id: the row of `des_archive_config`.
    package init(_ settings: PostgresSettings, id: Int64 = 1) {
        self.id = id
        connection = PostgresConnection(settings)
    }

    package var place: String { connection.place }

    package func close() async {
        await connection.close()
    }

    package func read<Result: Sendable>(
        _ what: String, advice: String? = nil, _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        do {
            return try await connection.run(what, advice: advice, body)
        } catch let error as PostgresError {
            throw CatalogError(watermark: error)
        }
    }

    package func read<Result: Sendable>(
        _ what: String, of table: String, ifMissing answer: Result,
        _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        try await read(what) { session in
            do {
                return try body(session)
            } catch let error as PostgresError where error.sqlState == "42P01" {
                return answer
            }
        }
    }

    package func change<Result: Sendable>(
        _ what: String, advice: String? = nil, _ body: @escaping @Sendable (PostgresSession) throws -> Result
    ) async throws -> Result {
        try await read(what, advice: advice) { session in try session.transaction { try body(session) } }
    }
}

extension PostgresSession: ArchiveSession {
    package func rows(_ sql: String, _ values: [CatalogValue]) throws -> [[CatalogValue]] {
        let result = try query(sql, values.map(PostgresParameter.init))
        return (0..<result.rowCount).map { row in (0..<result.columnCount).map { result.value(row, $0) } }
    }

    @discardableResult
    package func change(_ sql: String, _ values: [CatalogValue]) throws -> Int {
        try query(sql, values.map(PostgresParameter.init)).affectedRows
    }

    package func hasTable(_ name: String) throws -> Bool {
        try query("SELECT to_regclass($1) IS NOT NULL", [.text(name)]).bool(0, 0) == true
    }

    package var hasAcceptance: Bool {
        get throws {
            let result = try query(
                """
                SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('des_archive_set_aside')
                    AND attname = 'accepted_at' AND NOT attisdropped)
                """)
            return result.bool(0, 0) == true
        }
    }

    package var now: String { "now()" }

    package func moment(of watermark: CatalogValue) -> Timestamp? {
        // Since when a number counts is not ours to guess.
        if case .integer = watermark { nil } else { watermark.timestamp }
    }

    package func problem(ofWatermark value: CatalogValue) -> (reason: String, advice: String) {
        ("archived_until is no time", "make it a column of type timestamptz")
    }
}

extension PostgresParameter {
    /// A value of the tables of the watermark mode: bytes are those of an identity.
    fileprivate init(_ value: CatalogValue) {
        switch value {
        case .integer(let number): self = .int8(number)
        case .real(let number): self = .float8(number)
        case .text(let text): self = .text(ArchiveRecord.withoutNUL(text))
        case .time(let time): self = .timestamptz(time.microsecondsSinceEpoch)
        case .blob(let bytes): self = .uuid(PostgresUUID(RowIdentity(bytes: bytes)))
        case .null, .tooLong: self = .null(.unknown)
        }
    }
}

extension PostgresResult {
    /// A value of the tables of the watermark mode, which may be of older or other types than DES gives them.
    fileprivate func value(_ row: Int, _ column: Int) -> CatalogValue {
        guard !isNull(row, column) else { return .null }
        switch type(of: column) {
        case .int2, .int4, .int8: return integer(row, column).map(CatalogValue.integer) ?? .null
        case .uuid: return .blob(bytea(row, column) ?? [])
        case .timestamptz, .timestamp, .date:
            return microseconds(row, column).map { .time(Timestamp(microsecondsSinceEpoch: $0)) } ?? .null
        default: return text(row, column).map(CatalogValue.text) ?? .null
        }
    }
}

extension CatalogError {
    /// What the server with the watermark answered, in the catalog's terms.
    fileprivate init(watermark error: PostgresError) {
        let code = Code(error)
        self.init(
            code: error.code == .missingObject && code != .missingColumn ? .missingTable : code, what: error.what,
            place: error.place, reason: error.message, advice: error.advice)
    }
}
