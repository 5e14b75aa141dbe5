package import DESBase
package import DESCatalog

/// Where the watermark mode keeps what it knows, since the source table is never changed.
///
/// - `des_archive_config(id, archived_until, lag_days)`: the watermark.
/// - `des_archive_packed`: the rows after the watermark whose files are in a published shard. They go as it passes them.
/// - `des_archive_set_aside`: the rows whose files failed; with `set_aside_at` those that the watermark may pass. They stay
///   there, and out of all scans, until they are packed after all. With `accepted_at` somebody knows of them.
/// - `des_archive_store`: the name of the store that the files are in.
///
/// A store belongs to one `id` of the first table. All methods throw ``CatalogError``, or `CancellationError` when the task
/// is cancelled. Those that read take a missing table for an empty one, so that a dry run creates nothing.
package protocol ArchiveStore: StoreMemory {
    /// Creates the tables that are missing, and the column that older ones lack.
    ///
    /// - Throws: with the SQL in the advice if that is not permitted.
    func prepare() async throws

    /// The watermark; nil if none was set yet.
    func config() async throws -> ArchiveConfig?

    /// Sets what is not nil, wherever the watermark was before. Rows behind it that were packed are forgotten.
    func setWatermark(until: Timestamp?, lagDays: Int?) async throws -> ArchiveConfig

    /// Moves the watermark on, and forgets the packed rows behind it, in one transaction. Moving it to where it is already
    /// does nothing, so that a call whose answer was lost can be repeated.
    ///
    /// - Throws: ``CatalogError/Code-swift.struct/fenced`` if it is not where it is thought to be: another process moves it.
    func advance(from: Timestamp?, to: Timestamp) async throws

    /// Notes, in one transaction, rows whose files are in a published shard; answers in their order. A row that is there or
    /// behind the watermark already is `alreadyMarked`, but one that was set aside is not any more then, and is `marked`; one
    /// without a readable time is `refused`.
    func addPacked(_ rows: [RowMark]) async throws -> [MarkOutcome]

    /// For each key, in order, whether its row is packed, or behind the watermark and not set aside.
    func isArchived(_ keys: [RowKey]) async throws -> [Bool]

    /// A page of the rows that scans leave out, in the order of time and identity, from after a row on; empty at the end.
    func leftOut(
        _ kind: LeftOutKind, in range: PendingRange, after: LeftOutRow?, atMost count: Int
    ) async throws -> [LeftOutRow]

    /// Notes failures, at most one of a row, and sets rows aside: at once if the failure is permanent, else after
    /// ``ArchiveFailure/attempts`` of them in different cycles. A row without a readable time belongs to no window and is
    /// not noted.
    ///
    /// - Parameters:
    ///   - cycle: names the cycle.
    ///   - limit: how many rows may be set aside by this call.
    /// - Returns: in their order, whether a row is set aside now.
    func failed(_ failures: [ArchiveFailure], cycle: String, limit: Int) async throws -> [Bool]

    /// The locations of packed rows, at most that many, that begin with these bytes.
    func packedLocations(beginningWith prefix: String, atMost count: Int) async throws -> [String]

    /// How many rows are set aside and not accepted.
    func setAsideCount() async throws -> Int

    /// How many rows are set aside and accepted.
    func acceptedCount() async throws -> Int

    /// The rows that were set aside and are not accepted, the latest first, at most that many.
    func setAside(atMost count: Int) async throws -> [SetAsideRow]

    /// From now on somebody knows of all rows that are set aside.
    ///
    /// - Returns: how many that are.
    func acceptSetAside() async throws -> Int

    /// Later calls throw ``CatalogError/Code-swift.struct/closed``.
    func close() async
}

/// The row of `des_archive_config`.
package struct ArchiveConfig: Sendable, Hashable {
    /// Up to and with this moment everything is packed or set aside; nil: nothing yet.
    package var archivedUntil: Timestamp?
    /// How many days a row rests before it is archived; nil if the table does not say.
    package var lagDays: Int?

    package init(archivedUntil: Timestamp? = nil, lagDays: Int? = nil) {
        self.archivedUntil = archivedUntil
        self.lagDays = lagDays
    }
}

/// A file that failed.
package struct ArchiveFailure: Sendable, Hashable {
    /// After how many cycles with a failure a row is set aside.
    package static let attempts = 3

    package var key: RowKey
    /// A word: the kind of failure.
    package var reason: String
    package var message: String
    /// Whether another try cannot succeed.
    package var isPermanent: Bool

    package init(key: RowKey, reason: String, message: String, isPermanent: Bool) {
        self.key = key
        self.reason = reason
        self.message = message
        self.isPermanent = isPermanent
    }
}

/// A file that was given up, for reports.
package struct SetAsideRow: Sendable, Hashable {
    package var uid: String?
    package var createdAt: Timestamp
    package var location: String?
    package var reason: String
    package var message: String
    package var attempts: Int
    package var setAsideAt: Timestamp

    package init(
        uid: String?, createdAt: Timestamp, location: String?, reason: String, message: String, attempts: Int,
        setAsideAt: Timestamp
    ) {
        self.uid = uid
        self.createdAt = createdAt
        self.location = location
        self.reason = reason
        self.message = message
        self.attempts = attempts
        self.setAsideAt = setAsideAt
    }
}

/// Why scans leave a row out.
package enum LeftOutKind: Sendable, CaseIterable {
    case packed
    /// And not accepted.
    case setAside
    /// Set aside, and accepted.
    case accepted
}

/// A row that scans leave out.
package struct LeftOutRow: Sendable, Hashable {
    package var time: Timestamp
    package var identity: RowIdentity

    package init(time: Timestamp, identity: RowIdentity) {
        self.time = time
        self.identity = identity
    }
}

/// A row as the tables of an archive store keep it.
package struct ArchiveRecord: Sendable {
    package let identity: RowIdentity
    package let time: Timestamp
    package let uid: String?
    package let location: String?

    /// Nil if the row has no readable time.
    package init?(_ key: RowKey) {
        guard let time = key.createdAt.timestamp else { return nil }
        identity = RowIdentity(key)
        self.time = time
        uid = Self.text(key.uid)
        location = Self.text(key.location)
    }

    /// For people: PostgreSQL has no text with a NUL in it.
    private static func text(_ value: CatalogValue) -> String? {
        switch value {
        case .null: nil
        case .blob(let bytes) where value.uidText == nil:
            "x'" + bytes.hexadecimal + "'"
        default: withoutNUL(value.uidText ?? "\(value)")
        }
    }

    package static func withoutNUL(_ text: String) -> String { text.replacing("\0", with: "\u{FFFD}") }
}

extension CatalogError {
    /// The watermark is not where it was thought to be.
    package static func watermarkMoved(place: String, expected: Timestamp?, found: Timestamp?, target: Timestamp)
        -> CatalogError
    {
        CatalogError(
            code: .fenced, what: "cannot move the watermark to \(target)", place: place,
            reason:
                "archived_until is \(found.map(\.description) ?? "not set"), not \(expected.map(\.description) ?? "unset"): "
                + "another process has moved it",
            advice:
                "only one process may work behind a watermark; nothing was changed, the next cycle begins from there")
    }
}
