import DESBase
import DESCatalog
import DESODBC

/// The catalog's table as it really is, and the SQL to reach it. Pure: whoever has the columns can make the statements.
struct ODBCTable: CatalogTable {
    let dialect: SQLDialect
    /// For messages.
    let name: String
    /// Schema and table, quoted.
    let qualifiedName: String
    var columns: CatalogColumns<ODBCColumn>
    /// In their order; empty if there is none, as for a view.
    let primaryKey: [ODBCColumn]
    let indexes: [ODBCSession.Index]
    /// The operator's own condition.
    let whereClause: String?
    /// A view may hide rows that are marked.
    var isView = false
    /// Whether the database sets the time of a row anew whenever the row is changed: `ON UPDATE CURRENT_TIMESTAMP`.
    var renewsTime = false
    /// The table as the driver's catalogue functions ask for it.
    var place = ODBCSession.Table(catalog: nil, schema: nil, name: "")
    /// The members of the columns that are an ENUM or SET of MySQL, by name: such columns are put in order by the number of the
    /// member, and compared by its text.
    var enumerations: [ByteString: [String]] = [:]
    /// Whether triggers are known, or cannot be looked for.
    var mayHaveTriggers = true

    func sql(_ column: ODBCColumn) -> String { dialect.quoted(column.name) }

    /// Uid, time and location, the size if there is one, and the meta columns: what ``catalogRow(_:)`` reads.
    var rowColumns: [ODBCColumn] { [uid, createdAt, location] + (size.map { [$0] } ?? []) + meta }

    /// The row of a statement that selects ``rowColumns`` first.
    func catalogRow(_ values: [ODBCValue]) -> CatalogRow {
        let hasSize = columns.size != nil
        let limit = CatalogValue.keyLimit
        var key = key(values)
        key.uid = key.uid.limited(to: limit)
        key.createdAt = key.createdAt.limited(to: limit)
        key.location = key.location.limited(to: limit)
        return CatalogRow(
            key: key, size: hasSize ? CatalogValue(values[3]).limited(to: limit) : .null,
            meta: columns.meta.isEmpty
                ? []
                : values.dropFirst(hasSize ? 4 : 3).prefix(columns.meta.count).map {
                    CatalogValue($0).limited(to: CatalogValue.metaLimit)
                })
    }

    /// The key of a row that begins with uid, time and location.
    func key(_ values: [ODBCValue]) -> RowKey {
        RowKey(
            rowID: nil, uid: CatalogValue(values[0]), createdAt: CatalogValue(values[1]),
            location: CatalogValue(values[2]))
    }

    /// Whether a row is still to be migrated: its archived column is NULL, 0, false (also as text) or empty. `1 = 1` if
    /// rows are never marked.
    var isPending: String {
        guard let archived else { return "1 = 1" }
        let name = sql(archived)
        guard let value = pendingValueCondition(archived) else { return "\(name) IS NULL" }
        return archived.mayBeNull ? "(\(name) IS NULL OR \(value))" : value
    }

    /// Whether the pending rows are those with one value of the archived column, so that an index that begins with it
    /// gives them in the order of its other columns.
    var hasSinglePendingValue: Bool {
        guard let archived else { return false }
        let value = pendingValueCondition(archived)
        return value == nil || (!archived.mayBeNull && value?.contains(" IN ") == false)
    }

    /// Nil if only NULL is pending.
    private func pendingValueCondition(_ column: ODBCColumn) -> String? {
        let name = sql(column)
        if dialect.product == .sqlite { return isFalseText(name) }
        return switch column.type {
        case .boolean: "\(name) = \(dialect.falseLiteral)"
        case .integer, .decimal, .real: "\(name) = 0"
        case .text: isFalseText(name)
        case .uuid, .bytes, .date, .timestamp: nil
        }
    }

    private func isFalseText(_ name: String) -> String {
        let text = "LTRIM(RTRIM(\(name)))"
        let isFalse = "LOWER(\(text)) IN (\(SQLText.list(DoneMark.pendingTexts)))"
        // Oracle takes an empty text for NULL.
        return dialect.product == .oracle ? "(\(text) IS NULL OR \(isFalse))" : isFalse
    }

    /// What a marked row has in the archived column; nil if no mark can be made in a column of its type.
    var markedValue: String? {
        if let archived, let members = enumerations[ByteString(archived.name)] {
            return DoneMark.member(of: members).map(SQLText.literal)
        }
        return switch archived?.type {
        case .boolean: dialect.trueLiteral
        case .integer, .decimal, .real: "1"
        case .text: "'1'"
        case .date, .timestamp: dialect.now
        case .uuid, .bytes, nil: nil
        }
    }

    /// The condition of rows with the mark that DES writes, whatever other marks there are; nil if it writes none.
    var isMarked: String? {
        guard let archived, let value = markedValue else { return nil }
        return value == dialect.now ? "\(sql(archived)) IS NOT NULL" : "\(sql(archived)) = \(value)"
    }

    /// The primary key if it is one column whose values compare exactly: the quickest way to rows that were found.
    var singleKey: ODBCColumn? {
        guard primaryKey.count == 1, let key = primaryKey.first else { return nil }
        return switch key.type {
        case .integer, .decimal, .text, .uuid, .bytes: key
        case .real, .date, .timestamp, .boolean: nil
        }
    }

    /// Whether a row is wanted and still to be migrated.
    var isPendingAndWanted: String { conditions(.pending).joined(separator: " AND ") }

    /// The conditions of all queries over rows of a state.
    func conditions(_ state: RowState) -> [String] {
        // Not the negation: Oracle takes an empty text in a list for NULL, and nothing is outside of such a list.
        let isOfState = state == .pending ? isPending : "CASE WHEN \(isPending) THEN 1 ELSE 0 END = 0"
        return [isOfState] + (whereClause.map { [WhereClause.condition($0)] } ?? [])
    }

    /// The condition, for a column of native times, that a row has no time that can be read; nil if all have one.
    var hasNoTime: String? {
        let name = sql(createdAt)
        guard createdAt.isTime else { return createdAt.mayBeNull ? "\(name) IS NULL" : nil }
        // MySQL has dates of zeros, also in columns that exclude NULL; and others that are none between those that are.
        if dialect.product == .mysql { return "(\(name) IS NULL OR \(name) < '0001-01-01')" }
        return createdAt.mayBeNull ? "\(name) IS NULL" : nil
    }
}

extension ODBCTable {
    /// The condition that a row of MySQL has a date that is none: with a month or day of zero, a day that its month does not have,
    /// the year zero (`ALLOW_INVALID_DATES`, and `NO_ZERO_IN_DATE` left out). Needs a pass over the rows.
    var hasNoDate: String {
        let name = sql(createdAt)
        let month = "CONCAT(LPAD(YEAR(\(name)), 4, '0'), '-', MONTH(\(name)), '-01')"
        return """
            (\(name) IS NULL OR \(name) < '0001-01-01' OR MONTH(\(name)) = 0 OR DAYOFMONTH(\(name)) = 0 \
            OR DAYOFMONTH(\(name)) > DAYOFMONTH(LAST_DAY(\(month))))
            """
    }

    /// The same, written so that an index on the time serves: such dates stand between the last moment of a month and the first
    /// of the next.
    var hasNoDateByIndex: String {
        let name = sql(createdAt)
        var ranges = [
            "\(name) IS NULL", "\(name) < '0001-01-01'", "(\(name) < '1900-01-01' AND \(hasNoDate))",
            "(\(name) >= '2101-01-01' AND \(hasNoDate))",
        ]
        for year in 1900...2100 {
            for month in 1...12 {
                let next = month == 12 ? (year + 1, 1) : (year, month + 1)
                guard let first = Timestamp(year: next.0, month: next.1, day: 1) else { continue }
                let last = Timestamp(microsecondsSinceEpoch: first.microsecondsSinceEpoch - 1).rfc3339
                let end = last.dropLast().replacing("T", with: " ")
                ranges.append("(\(name) > '\(end)' AND \(name) < '\(first.rfc3339.prefix(10))')")
            }
        }
        return "(\(ranges.joined(separator: " OR ")))"
    }

    /// Columns of a row whose values may have any length.
    var longColumns: [ODBCColumn] {
        rowColumns.filter { column in
            switch column.type {
            case .text, .bytes: !(1...8000).contains(column.size)
            default: false
            }
        }
    }
}

extension ODBCColumn: CatalogColumn {}
