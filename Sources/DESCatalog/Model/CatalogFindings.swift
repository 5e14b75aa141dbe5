/// What an operator should know of a catalog before a migration.
package struct CatalogFindings: Sendable, Equatable {
    /// Rows that the database may hide from its user.
    package struct HiddenRows: Sendable, Equatable {
        /// What hides them, as in "row-level security of the table files".
        package var reason: String
        /// Whether the operator has said that it is meant so.
        package var isAccepted: Bool
        /// Whether rows that are hidden now are never looked at again: nothing marks them, and a watermark passes them.
        package var isFinal: Bool

        package init(reason: String, isAccepted: Bool, isFinal: Bool) {
            self.reason = reason
            self.isAccepted = isAccepted
            self.isFinal = isFinal
        }

        /// For the log.
        package var warning: String {
            "\(reason) may hide rows from the user of database.url: DES migrates what this user sees, and counts nothing else"
        }
    }

    /// Nil if the user sees all rows, or the database cannot tell.
    package var hiddenRows: HiddenRows?
    /// Marks that are neither done nor waiting, as in "20 rows have archived = 'pending'"; nil if none were seen.
    package var otherMarks: String?

    package init(hiddenRows: HiddenRows? = nil, otherMarks: String? = nil) {
        self.hiddenRows = hiddenRows
        self.otherMarks = otherMarks
    }

    /// One line each, for the log.
    package var warnings: [String] { [hiddenRows?.warning, otherMarks].compactMap { $0 } }
}

/// Which texts and numbers of an archived column DES takes for a mark that is done. What is neither one of these nor pending
/// is left alone, as done, and told.
enum DoneMark {
    /// What PostgreSQL reads as true (`boolin` of its sources), in lower case.
    static let texts = ["1", "t", "tr", "tru", "true", "y", "ye", "yes", "on"]

    /// How many rows with other marks are counted, and how long they are looked for.
    static let countLimit = 10_000
    static let timeLimit = Duration.seconds(5)

    /// Of the members of an ENUM or SET the one that means true: the one that says it in the most common way.
    static func member(of members: [String]) -> String? {
        let wanted = ["1", "true", "yes", "y", "t", "on"]
        for text in wanted {
            if let member = members.first(where: { $0.lowercased() == text }) { return member }
        }
        return nil
    }

    /// - Parameter counts: values, as text, with the number of their rows; the most frequent first.
    static func warning(_ column: String, counts: [(value: String, rows: Int64)]) -> String? {
        guard !counts.isEmpty else { return nil }
        let total = counts.reduce(0) { $0 + $1.rows }
        let shown = counts.prefix(3).map { "\($0.rows) with \(String($0.value.prefix(60)).debugDescription)" }
        let count = total >= countLimit ? "at least \(countLimit) rows have" : "\(total) rows have"
        return """
            \(count) a mark in the column "\(column)" that is neither done nor waiting (\(shown.joined(separator: ", "))\
            \(counts.count > 3 ? ", ..." : "")): DES leaves them alone, as if they were done. Waiting are NULL, 0, false, no \
            and the empty text
            """
    }
}

/// A mark that was tried on a few pending rows before anything is packed, and taken back.
struct MarkTrial: Sendable {
    /// How many rows are tried at most, from each end: a few that a trigger refuses must not stop the others.
    static let rows = 20

    /// The first row that was refused, and why.
    private(set) var refusal: (key: RowKey, reason: String)?
    private(set) var isAccepted = false

    /// Whether it is known that rows can be marked, so that no more has to be tried.
    mutating func add(_ outcome: MarkOutcome, _ key: RowKey) {
        switch outcome {
        case .marked: isAccepted = true
        case .refused(let reason): refusal = refusal ?? (key, reason)
        case .alreadyMarked, .changed: break
        }
    }

    /// - Parameter hasMarks: whether the table has a mark that DES would write: then it takes marks, and the rows that refuse
    ///   them (one on legal hold) fail one by one.
    /// - Throws: ``CatalogError`` with `notMarkable` if rows were refused and none was accepted.
    func check(
        table: String, place: String, written: String, hasMarks: @Sendable () async throws -> Bool
    ) async throws {
        guard !isAccepted, let refusal, try await !hasMarks() else { return }
        throw CatalogError(
            code: .notMarkable, what: "cannot mark rows of table \"\(table)\"", place: place,
            reason: """
                DES tried a mark on the row with the uid \(refusal.key.uid.uidText.map(\.debugDescription) ?? "NULL") and took \
                it back: \(refusal.reason)
                """,
            advice:
                "DES writes \(written); make the table take that, name another archived_column, or leave such rows out by "
                + "where_clause; nothing was packed")
    }
}
