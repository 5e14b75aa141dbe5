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
package enum DoneMark {
    /// What PostgreSQL reads as true (`boolin` of its sources), in lower case.
    package static let texts = ["1", "t", "tr", "tru", "true", "y", "ye", "yes", "on"]

    /// What PostgreSQL reads as false, in lower case, and no text at all: marks of rows that are pending.
    package static let pendingTexts = ["", "0", "f", "fa", "fal", "fals", "false", "n", "no", "of", "off"]
    /// How many rows with other marks are counted, and how long they are looked for.
    package static let countLimit = 10_000
    package static let timeLimit = Duration.seconds(5)

    /// Of the members of an ENUM or SET the one that means true: the one that says it in the most common way.
    package static func member(of members: [String]) -> String? {
        let wanted = ["1", "true", "yes", "y", "t", "on"]
        for text in wanted {
            if let member = members.first(where: { $0.lowercased() == text }) { return member }
        }
        return nil
    }

    /// - Parameter counts: values, as text, with the number of their rows; the most frequent first.
    package static func warning(_ column: String, counts: [(value: String, rows: Int64)]) -> String? {
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
