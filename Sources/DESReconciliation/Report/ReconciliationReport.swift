/// What a reconciliation looked at and found. Counts are complete; lists are cut at a limit.
package struct ReconciliationReport: Sendable, Hashable {
    /// What was looked at.
    package struct Totals: Sendable, Hashable, Encodable {
        /// Days (UTC) that have marked rows or shards.
        package var days = 0
        package var markedRows = 0
        package var shards = 0
        /// Entries of shards.
        package var files = 0
        /// Big files that are stored.
        package var bigFiles = 0
        /// Objects that are neither shards nor big files.
        package var otherObjects = 0
        /// Entries without a time that belong to no marked row of their day: whether a row names them is unknown.
        package var filesWithoutTime = 0
        /// Marked rows found in no shard on days of which a shard could not be read: whether they are missing is unknown.
        package var rowsInDoubt = 0
        /// Big files of which it could not be told whether they are there, or whether a shard names them.
        package var bigFilesInDoubt = 0

        package init() {}
    }

    package internal(set) var totals = Totals()
    /// How many of a kind were found, repaired ones included.
    package internal(set) var found: [Finding.Kind: Int] = [:]
    package internal(set) var repaired: [Finding.Kind: Int] = [:]
    /// How many are too young to be told from the work of a running migration: not among those found.
    package internal(set) var young: [Finding.Kind: Int] = [:]
    /// The first ones of each kind.
    package internal(set) var findings: [Finding.Kind: [Finding]] = [:]
    /// What was not looked for, and why.
    package internal(set) var notes: [String] = []

    package init() {}

    /// Whether nothing is wrong, or everything that was is repaired, and nothing is in doubt, nor any row too young to be judged:
    /// those are the first that a restored database has lost.
    package var isClean: Bool {
        found.allSatisfy { $0.value == repaired[$0.key, default: 0] } && totals.rowsInDoubt == 0
            && totals.bigFilesInDoubt == 0 && young[.inShardNotMarked, default: 0] == 0
    }

    /// Whether something was left unjudged.
    package var hasUnjudged: Bool {
        young.contains { $0.value > 0 } || totals.rowsInDoubt > 0 || totals.bigFilesInDoubt > 0
            || totals.filesWithoutTime > 0
    }
}

extension ReconciliationReport: Encodable {
    private enum CodingKeys: String, CodingKey {
        case totals, counts, repaired, younger, findings, notes
    }

    package func encode(to encoder: any Encoder) throws {
        func byName<Value>(_ values: [Finding.Kind: Value], default standard: Value) -> [String: Value] {
            Dictionary(uniqueKeysWithValues: Finding.Kind.allCases.map { ($0.rawValue, values[$0] ?? standard) })
        }
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(totals, forKey: .totals)
        try container.encode(byName(found, default: 0), forKey: .counts)
        try container.encode(byName(repaired, default: 0), forKey: .repaired)
        try container.encode(byName(young, default: 0), forKey: .younger)
        try container.encode(byName(findings, default: []), forKey: .findings)
        try container.encode(notes, forKey: .notes)
    }
}
