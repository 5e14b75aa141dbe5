import DESBase

/// Compares the clock of this machine with that of the database server: one that is ahead makes files old that are not.
struct ClockCheck: Sendable {
    /// Both may be in the wrong time zone, or stand still for a while.
    private static let tolerance = CivilDate.microsecondsPerDay

    enum Verdict: Equatable {
        case inOrder
        /// Nothing is taken that is too young, and perhaps nothing at all.
        case behind(String)
        /// Files may be taken that are too young, and their sources be deleted.
        case ahead(String)
    }

    let now: Timestamp
    /// Nil: there is no other clock.
    let server: Timestamp?

    var verdict: Verdict {
        guard let server else { return .inOrder }
        let difference = now.microsecondsSinceEpoch.subtractingReportingOverflow(server.microsecondsSinceEpoch)
        let clocks = "the clock of this machine says \(now.rfc3339), that of the database server \(server.rfc3339)"
        if difference.overflow || difference.partialValue.magnitude <= Self.tolerance { return .inOrder }
        return difference.partialValue > 0 ? .ahead(clocks) : .behind(clocks)
    }
}
