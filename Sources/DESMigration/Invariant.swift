/// What always holds in a migration; `docs/architecture.md` has each with the places that keep it.
package enum Invariant: String, Sendable {
    case markedIsPublished = "only rows of a verified and published shard are marked"
    case deletedIsMarked = "only sources whose marks are committed are deleted"
    case booksAddUp = "every file that was fetched ends as migrated, failed or skipped"
}

/// An invariant does not hold: a mistake in the program, or in a catalog, store or source that it was handed. The cycle ends, and
/// nothing that rests on it is marked or deleted.
package struct InvariantViolation: Error, Sendable, CustomStringConvertible {
    package let invariant: Invariant
    package let detail: String

    package var description: String {
        "DES found that \"\(invariant.rawValue)\" does not hold: \(detail). This is a mistake in DES; it stopped before it marked or "
            + "deleted anything more"
    }

    /// Pairs what was asked with what was answered, in their order.
    ///
    /// - Throws: ``InvariantViolation`` if an answer is missing or one is too many: it could belong to another.
    package static func paired<Asked, Answer>(
        _ asked: [Asked], _ answers: [Answer], _ invariant: Invariant, _ what: String
    ) throws(InvariantViolation) -> Zip2Sequence<[Asked], [Answer]> {
        guard asked.count == answers.count else {
            throw InvariantViolation(
                invariant: invariant, detail: "\(what): \(asked.count) were asked for, \(answers.count) answered")
        }
        return zip(asked, answers)
    }
}
