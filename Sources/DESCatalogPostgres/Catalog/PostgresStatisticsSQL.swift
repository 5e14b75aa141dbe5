import DESBase
import DESCatalog
import DESPostgres

/// Counts what waits in one pass of the database: exactly what ``CatalogStatistics/count(time:cutoff:hasUID:hasLocation:size:)``
/// counts row by row.
struct PostgresStatisticsSQL {
    private let sql: String
    private let hasSizes: Bool

    /// Nil if the database cannot tell what a value stands for.
    init?(of table: PostgresTable, cutoff: Timestamp) {
        guard let isDated = table.isDated, let hasUID = Self.hasText(table.uid),
            let hasLocation = Self.hasText(table.location)
        else { return nil }
        let limit = PostgresTimeText.literal(cutoff, for: table.createdAt)
        let isLater = "(\(isDated) AND \(table.createdAt.sql) >= \(limit))"
        // Of the rows that are not later.
        var counts = [
            "count(*) FILTER (WHERE des_dated AND NOT des_later)",
            "min(des_time) FILTER (WHERE des_dated AND NOT des_later)",
            "max(des_time) FILTER (WHERE des_dated AND NOT des_later)",
            "count(*) FILTER (WHERE NOT des_later AND NOT (des_dated AND des_has_uid AND des_has_location))",
            "count(*) FILTER (WHERE NOT des_later AND NOT des_has_uid)", "count(*) FILTER (WHERE NOT des_dated)",
            "count(*) FILTER (WHERE NOT des_later AND NOT des_has_location)", "count(*) FILTER (WHERE des_later)",
        ]
        var columns = [
            "\(isDated) AS des_dated", "\(isLater) AS des_later", "\(table.createdAt.sql) AS des_time",
            "\(hasUID) AS des_has_uid", "\(hasLocation) AS des_has_location",
        ]
        if let size = table.size {
            counts += [
                "LEAST(COALESCE(sum(des_size) FILTER (WHERE des_dated AND NOT des_later), 0), \(Int64.max))::bigint",
                "count(*) FILTER (WHERE des_dated AND NOT des_later AND des_size IS NULL)",
            ]
            columns.append("\(Self.sizeInBytes(size)) AS des_size")
        }
        hasSizes = table.size != nil
        sql = """
            SELECT \(counts.joined(separator: ", ")) FROM (SELECT \(columns.joined(separator: ", ")) \
            FROM \(table.qualifiedName) WHERE \(table.isPendingAndWanted)) AS des_rows
            """
    }

    func statistics(in session: PostgresSession) throws -> CatalogStatistics {
        let row = try session.query(sql)
        return CatalogStatistics(hasSizes: hasSizes) {
            row.integer(0, $0) ?? 0
        } time: {
            row.microseconds(0, $0).map { Timestamp(microsecondsSinceEpoch: $0) }
        }
    }

    /// Whether the column has a ``CatalogValue/uidText`` that is not empty; nil if only that can tell.
    private static func hasText(_ column: PostgresColumn) -> String? {
        switch column.kind {
        // Bytes are a text if they are valid UTF-8, reals if they are whole.
        case .bytea, .float: nil
        case .text, .other: "COALESCE(\(column.sql)::text <> '', false)"
        case .integer, .uuid, .timestamptz, .timestamp, .date: "\(column.sql) IS NOT NULL"
        }
    }

    /// The size as a number that is not negative, or NULL.
    private static func sizeInBytes(_ column: PostgresColumn) -> String {
        switch column.kind {
        case .integer: return "CASE WHEN \(column.sql) >= 0 THEN \(column.sql) END"
        case .timestamptz, .timestamp, .date, .uuid: return "NULL::bigint"
        case .float:
            return """
                CASE WHEN \(column.sql) >= 0 AND \(column.sql) < 9223372036854775808 \
                AND \(column.sql) = trunc(\(column.sql)) THEN \(column.sql)::bigint END
                """
        case .text, .other, .bytea:
            let text =
                column.kind == .bytea ? "encode(\(column.sql), 'escape')" : "\(column.sql)::text"
            return """
                CASE WHEN \(text) ~ '^\\+?0*[0-9]{1,18}$' THEN \(text)::bigint \
                WHEN \(text) ~ '^\\+?0*[0-9]{19}$' THEN CASE WHEN \(text)::numeric <= \(Int64.max) \
                THEN \(text)::bigint END WHEN \(text) ~ '^-0+$' THEN 0 END
                """
        }
    }
}
