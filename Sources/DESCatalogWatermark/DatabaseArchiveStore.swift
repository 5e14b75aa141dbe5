package import DESBase
package import DESCatalog

/// What an archive store asks of its database within one call.
package protocol ArchiveSession {
    /// The rows of a query.
    func rows(_ sql: String, _ values: [CatalogValue]) throws -> [[CatalogValue]]
    /// Runs a statement, and answers how many rows it has changed.
    @discardableResult
    func change(_ sql: String, _ values: [CatalogValue]) throws -> Int
    /// Whether the database has a table of this name.
    func hasTable(_ name: String) throws -> Bool
    /// Whether the table of rows that are set aside knows accepted ones.
    var hasAcceptance: Bool { get throws }
    /// The present moment, as it stands in SQL.
    var now: String { get }
    /// The moment that a stored watermark names; nil if it names none.
    func moment(of watermark: CatalogValue) -> Timestamp?
    /// What is said of a watermark that is no time, and what to do about it.
    func problem(ofWatermark value: CatalogValue) -> (reason: String, advice: String)
}

/// An archive store in a database: all that is one statement wherever it is kept. How many rows are noted at once is up to
/// each database.
package protocol DatabaseArchiveStore: ArchiveStore {
    associatedtype Session: ArchiveSession

    /// The row of `des_archive_config`.
    var id: Int64 { get }
    /// Where the database is, for messages.
    var place: String { get }
    static var tables: ArchiveTables { get }

    /// Runs the body outside of a transaction.
    func read<Result: Sendable>(
        _ what: String, advice: String?, _ body: @escaping @Sendable (Session) throws -> Result
    ) async throws -> Result
    /// The same, with an answer for the time before the table is there.
    func read<Result: Sendable>(
        _ what: String, of table: String, ifMissing answer: Result,
        _ body: @escaping @Sendable (Session) throws -> Result
    ) async throws -> Result
    /// Runs the body in one transaction.
    func change<Result: Sendable>(
        _ what: String, advice: String?, _ body: @escaping @Sendable (Session) throws -> Result
    ) async throws -> Result
}

extension DatabaseArchiveStore {
    package func prepare() async throws {
        let tables = Self.tables
        let advice = "the watermark mode needs these tables: " + tables.definitions.joined(separator: "; ")
        let what = "cannot create the tables of the watermark mode"
        let isComplete = try await read(what, advice: advice) { session in
            try ArchiveTables.names.allSatisfy { try session.hasTable($0) }
        }
        if !isComplete {
            try await change(what, advice: advice) { session in
                if let lock = tables.lock { _ = try session.rows(lock, []) }
                for sql in tables.definitions { try session.change(sql, []) }
            }
        }
        if try await !read(what, advice: nil, { try $0.hasAcceptance }) {
            try await change(
                "cannot add a column to a table of the watermark mode", advice: "run: \(tables.acceptance)"
            ) { session in
                if try !session.hasAcceptance { try session.change(tables.acceptance, []) }
            }
        }
        // An older or foreign table shows here, before anything is packed.
        _ = try await read("the table des_archive_config is not as it should be", advice: nil) { [id] session in
            try Self.config(id, in: session)
        }
    }

    package func storeName() async throws -> String? {
        let sql = Self.tables.written("SELECT store FROM des_archive_store WHERE config_id = $1")
        return try await read(
            "cannot read which store the files are in", of: "des_archive_store", ifMissing: nil
        ) { [id] session in
            try session.rows(sql, [.integer(id)]).first?[0].uidText
        }
    }

    package func remember(storeName: String) async throws {
        let sql = Self.tables.written(
            """
            INSERT INTO des_archive_store (config_id, store) VALUES ($1, $2)
            ON CONFLICT (config_id) DO UPDATE SET store = excluded.store
            """)
        try await change("cannot remember which store the files are in", advice: nil) { [id] session in
            _ = try session.change(sql, [.integer(id), .text(storeName)])
        }
    }
}

// MARK: The watermark

extension DatabaseArchiveStore {
    package func config() async throws -> ArchiveConfig? {
        try await read("cannot read the watermark", of: "des_archive_config", ifMissing: nil) { [id] session in
            try Self.config(id, in: session)
        }
    }

    package func setWatermark(until: Timestamp?, lagDays: Int?) async throws -> ArchiveConfig {
        try await change("cannot set the watermark", advice: nil) { [id] session in
            var config = try Self.config(id, in: session, lock: Self.tables.own) ?? ArchiveConfig()
            if let until { config.archivedUntil = until }
            if let lagDays { config.lagDays = lagDays }
            try Self.write(config, id, in: session)
            return config
        }
    }

    package func advance(from: Timestamp?, to: Timestamp) async throws {
        try await change("cannot move the watermark to \(to)", advice: nil) { [id, place] session in
            var config = try Self.config(id, in: session, lock: Self.tables.own) ?? ArchiveConfig()
            guard config.archivedUntil != to else { return }
            guard config.archivedUntil == from else {
                throw CatalogError.watermarkMoved(
                    place: place, expected: from, found: config.archivedUntil, target: to)
            }
            config.archivedUntil = to
            try Self.write(config, id, in: session)
        }
    }

    /// - Parameter lock: at the end of the query; see ``ArchiveTables/shared``.
    package static func config(_ id: Int64, in session: Session, lock: String = "") throws -> ArchiveConfig? {
        let sql = "SELECT archived_until, \(tables.lagDays) FROM des_archive_config WHERE id = $1\(lock)"
        guard let row = try session.rows(tables.written(sql), [.integer(id)]).first else { return nil }
        let until = session.moment(of: row[0])
        if until == nil, row[0] != .null {
            let problem = session.problem(ofWatermark: row[0])
            throw CatalogError(
                code: .queryFailed, what: "cannot read the watermark", place: "des_archive_config, id \(id)",
                reason: problem.reason, advice: problem.advice)
        }
        return ArchiveConfig(archivedUntil: until, lagDays: row[1].integerValue.map(Int.init(clamping:)))
    }

    /// Also forgets what lies behind the watermark: packed rows, and failures of rows that are gone or packed by now.
    private static func write(_ config: ArchiveConfig, _ id: Int64, in session: Session) throws {
        let until = config.archivedUntil.map(CatalogValue.time) ?? .null
        try session.change(
            tables.written(
                """
                INSERT INTO des_archive_config (id, archived_until, lag_days) VALUES ($1, $2, $3)
                ON CONFLICT (id) DO UPDATE SET archived_until = excluded.archived_until, lag_days = excluded.lag_days
                """), [.integer(id), until, config.lagDays.map { .integer(Int64($0)) } ?? .null])
        guard until != .null else { return }
        for (table, condition) in [("des_archive_packed", ""), ("des_archive_set_aside", " AND set_aside_at IS NULL")]
        where try session.hasTable(table) {
            try session.change(
                tables.written("DELETE FROM \(table) WHERE config_id = $1 AND created_at <= $2\(condition)"),
                [.integer(id), until])
        }
    }
}

// MARK: Rows that scans leave out

extension DatabaseArchiveStore {
    package func leftOut(
        _ kind: LeftOutKind, in range: PendingRange, after: LeftOutRow?, atMost count: Int
    ) async throws -> [LeftOutRow] {
        var values: [CatalogValue] = [.integer(id), .time(range.before), .integer(Int64(count))]
        values += after.map { [.time($0.time), .blob($0.identity.bytes)] } ?? [.time(range.from)]
        let begin = after == nil ? "created_at >= $4" : "(created_at, identity) > ($4, $5)"
        return try await rows(
            kind, "cannot read the rows that are \(kind)", "SELECT created_at, identity",
            "AND created_at < $2 AND \(begin) ORDER BY created_at, identity LIMIT $3", values
        ).compactMap { row in
            guard let time = row[0].timestamp, case .blob(let bytes) = row[1] else { return nil }
            return LeftOutRow(time: time, identity: RowIdentity(bytes: bytes))
        }
    }

    package func packedLocations(beginningWith prefix: String, atMost count: Int) async throws -> [String] {
        try await rows(
            .packed, "cannot look up packed rows", "SELECT file_location",
            "AND \(Self.tables.beginsWithPrefix) LIMIT $3", [.integer(id), .text(prefix), .integer(Int64(count))]
        ).compactMap { $0[0].uidText }
    }

    package func setAsideCount() async throws -> Int { try await count(.setAside) }

    package func acceptedCount() async throws -> Int { try await count(.accepted) }

    private func count(_ kind: LeftOutKind) async throws -> Int {
        let rows = try await rows(
            kind, "cannot count the rows that were set aside", "SELECT count(*)", "", [.integer(id)])
        return Int(rows.first?[0].integerValue ?? 0)
    }

    package func setAside(atMost count: Int) async throws -> [SetAsideRow] {
        try await rows(
            .setAside, "cannot read the rows that were set aside",
            "SELECT uid, created_at, file_location, reason, message, attempts, set_aside_at",
            "ORDER BY set_aside_at DESC, created_at DESC, identity LIMIT $2", [.integer(id), .integer(Int64(count))]
        ).map { row in
            SetAsideRow(
                uid: row[0].uidText, createdAt: row[1].timestamp ?? .earliest, location: row[2].uidText,
                reason: row[3].uidText ?? "", message: row[4].uidText ?? "",
                attempts: Int(row[5].integerValue ?? 0), setAsideAt: row[6].timestamp ?? .earliest)
        }
    }

    package func acceptSetAside() async throws -> Int {
        try await change("cannot accept the rows that are set aside", advice: nil) { [id] session in
            try session.change(
                Self.tables.written(
                    """
                    UPDATE des_archive_set_aside SET accepted_at = \(session.now)
                    WHERE config_id = $1 AND set_aside_at IS NOT NULL AND accepted_at IS NULL
                    """), [.integer(id)])
        }
    }

    /// Rows of the table of a kind; none where there is no such table, or it knows no such rows.
    ///
    /// - Parameter end: what follows the condition.
    private func rows(
        _ kind: LeftOutKind, _ what: String, _ select: String, _ end: String, _ values: [CatalogValue]
    ) async throws -> [[CatalogValue]] {
        let table = kind == .packed ? "des_archive_packed" : "des_archive_set_aside"
        return try await read(what, of: table, ifMissing: []) { session in
            guard let condition = try Self.condition(for: kind, in: session) else { return [] }
            let sql = "\(select) FROM \(table) WHERE config_id = $1\(condition) \(end)"
            return try session.rows(Self.tables.written(sql), values)
        }
    }

    /// Behind the beginning of a WHERE clause; nil if the table has no such rows.
    private static func condition(for kind: LeftOutKind, in session: Session) throws -> String? {
        switch kind {
        case .packed: ""
        case .setAside:
            try " AND set_aside_at IS NOT NULL" + (session.hasAcceptance ? " AND accepted_at IS NULL" : "")
        case .accepted:
            try session.hasAcceptance ? " AND set_aside_at IS NOT NULL AND accepted_at IS NOT NULL" : nil
        }
    }
}
