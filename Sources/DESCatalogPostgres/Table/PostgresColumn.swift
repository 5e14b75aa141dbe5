import DESBase
import DESCatalog
import DESPostgres

/// A column of the catalog's table: how its values are read, compared with what was read, and put in order.
///
/// Common types go over in binary form, and come back as they are. All others are read as text (`column::text`), and for
/// comparing are turned into the column's type again, so that an index on the column serves.
struct PostgresColumn: CatalogColumn {
    enum Kind: Sendable, Equatable {
        case integer, float, text, bytea, uuid, timestamptz, timestamp, date
        /// Any other type.
        case other
    }

    /// In which form a parameter goes over.
    enum Form: Hashable, Sendable {
        case native
        /// As text that the server turns into the column's type.
        case text
    }

    let name: String
    /// The column with its table, quoted.
    let sql: String
    /// False if the table's definition excludes NULL.
    let mayBeNull: Bool
    let kind: Kind
    /// As `format_type` writes it, fit for a cast.
    let typeName: String
    /// Whether the type can be compared and put in order.
    let isComparable: Bool
    /// Whether texts that differ may be equal by the column's collation.
    let hasLooseCollation: Bool
    /// The members of an enumeration; nil for other types.
    var enumeration: [String]?

    /// Whether values that differ in their bytes may be equal for the server: 1.0 and 1.00, or the letter cases of a citext.
    var hasLooseEquality: Bool { kind == .other || kind == .float || hasLooseCollation }

    /// What a query selects to get the value.
    var selected: String { kind == .other ? "\(sql)::text" : sql }

    /// What the rows are put in order by.
    var ordered: String { isComparable ? sql : "\(sql)::text" }

    /// Whether the column holds moments that the database compares as such.
    var isTime: Bool { kind == .timestamptz || kind == .timestamp || kind == .date }

    // MARK: Values

    /// The value in a row of a result that selects ``selected``.
    @inline(__always)
    func value(_ result: PostgresResult, _ row: Int, _ column: Int) -> CatalogValue {
        let bytes = result.bytes(row, column)
        if bytes.count == 0, result.isNull(row, column) { return .null }
        switch kind {
        case .text, .other:
            if let text = String(validating: bytes, as: UTF8.self) { return .text(text) }
            return .blob(Array(bytes))
        case .integer: return result.integer(row, column).map(CatalogValue.integer) ?? .null
        case .float: return result.double(row, column).map(CatalogValue.real) ?? .null
        case .bytea: return .blob(Array(bytes))
        case .uuid: return result.uuid(row, column).map { .text($0.description) } ?? .null
        case .timestamptz, .timestamp, .date:
            guard let microseconds = result.microseconds(row, column) else { return .null }
            let time = Timestamp(microsecondsSinceEpoch: microseconds)
            if time.microsecondsSinceEpoch == microseconds { return .time(time) }
            return .text(PostgresTimeText.text(microseconds, isDate: kind == .date))
        }
    }

    /// The type of a parameter, as it stands in SQL.
    func parameterType(_ form: Form) -> String {
        guard form == .native else { return "text" }
        return switch kind {
        case .integer: "bigint"
        case .float: "double precision"
        case .text, .other: "text"
        case .bytea: "bytea"
        case .uuid: "uuid"
        case .timestamptz: "timestamptz"
        case .timestamp: "timestamp"
        case .date: "date"
        }
    }

    /// A parameter or an expression of ``parameterType(_:)``, as a value that the column is compared with.
    func operand(_ expression: String, _ form: Form) -> String {
        kind == .other || form == .text && kind != .text ? "\(expression)::\(typeName)" : expression
    }

    /// Whether the column has exactly the value of an expression of ``parameterType(_:)``.
    ///
    /// - Parameter isNullSafe: whether NULL is to be equal to NULL; no index serves that.
    func equals(_ expression: String, _ form: Form, isNullSafe: Bool) -> String {
        let equal = isNullSafe ? "IS NOT DISTINCT FROM" : "="
        let asText = "\(sql)::text \(equal) \(expression)"
        if kind == .other {
            // The type may take for equal what differs: 1.0 and 1.00, or the letter cases of a citext.
            return isComparable && !isNullSafe ? "\(sql) = \(operand(expression, form)) AND \(asText)" : asText
        }
        let comparison = "\(sql) \(equal) \(operand(expression, form))"
        return hasLooseCollation ? "\(comparison) AND (\(sql) COLLATE \"C\") \(equal) \(expression)" : comparison
    }

    /// The values as an array parameter.
    func array(_ values: [CatalogValue]) -> (parameter: PostgresParameter, form: Form) {
        if let parameter = nativeArray(values) { return (parameter, .native) }
        return (.textArray(bytes: values.map { Self.textBytes($0, of: kind) }), .text)
    }

    /// The value as a parameter of its own.
    func scalar(_ value: CatalogValue) -> (parameter: PostgresParameter, form: Form) {
        switch (kind, value) {
        case (.integer, .integer(let number)): (.int8(number), .native)
        case (.float, .real(let number)): (.float8(number), .native)
        case (.bytea, .blob(let bytes)): (.bytea(bytes), .native)
        case (.uuid, .text(let text)): PostgresUUID(text).map { (.uuid($0), .native) } ?? (.text(text), .text)
        case (.timestamptz, .time(let time)): (.timestamptz(time.microsecondsSinceEpoch), .native)
        case (.timestamp, .time(let time)): (.timestamp(time.microsecondsSinceEpoch), .native)
        case (.date, .time(let time)): (.date(time.microsecondsSinceEpoch), .native)
        default: (Self.textBytes(value, of: kind).map { .text(bytes: $0) } ?? .null(), kind == .text ? .native : .text)
        }
    }

    /// Nil if a value is not of the kind that the column reads.
    private func nativeArray(_ values: [CatalogValue]) -> PostgresParameter? {
        func map<Native>(_ convert: (CatalogValue) -> Native?) -> [Native?]? {
            var result: [Native?] = []
            result.reserveCapacity(values.count)
            for value in values {
                if value == .null {
                    result.append(nil)
                } else if let native = convert(value) {
                    result.append(native)
                } else {
                    return nil
                }
            }
            return result
        }
        func microseconds(_ value: CatalogValue) -> Int64? {
            switch value {
            case .time(let time): time.microsecondsSinceEpoch
            case .text("infinity"): PostgresTime.infinity
            case .text("-infinity"): PostgresTime.minusInfinity
            default: nil
            }
        }
        switch kind {
        case .integer: return map { if case .integer(let number) = $0 { number } else { nil } }.map { .int8Array($0) }
        case .float: return map { if case .real(let number) = $0 { number } else { nil } }.map { .float8Array($0) }
        case .bytea: return map { if case .blob(let bytes) = $0 { bytes } else { nil } }.map { .byteaArray($0) }
        case .uuid:
            return map { if case .text(let text) = $0 { PostgresUUID(text) } else { nil } }.map { .uuidArray($0) }
        case .timestamptz: return map(microseconds).map { .timestamptzArray($0) }
        case .timestamp: return map(microseconds).map { .timestampArray($0) }
        case .date: return map(microseconds).map { .dateArray($0) }
        case .text, .other:
            if let texts = map({ if case .text(let text) = $0 { text } else { nil } }) { return .textArray(texts) }
            return .textArray(bytes: values.map { Self.textBytes($0, of: kind) })
        }
    }

    private static func textBytes(_ value: CatalogValue, of kind: Kind) -> [UInt8]? {
        switch value {
        case .null: nil
        case .integer(let number): Array(String(number).utf8)
        case .real(let number): Array(number.description.utf8)
        case .text(let text): Array(text.utf8)
        case .blob(let bytes):
            kind == .bytea ? Array(("\\x" + bytes.hexadecimal).utf8) : bytes
        case .time(let time): Array(time.rfc3339.utf8)
        // Rows with a value that is too long are read, and never asked for.
        case .tooLong: nil
        }
    }
}
