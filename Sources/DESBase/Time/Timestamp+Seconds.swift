extension Timestamp {
    /// The moment that many seconds after 1970-01-01T00:00:00Z, within the years 1 to 9999.
    package init(secondsSinceEpoch seconds: Int64) {
        let (microseconds, overflows) = seconds.multipliedReportingOverflow(by: 1_000_000)
        self.init(microsecondsSinceEpoch: overflows ? (seconds < 0 ? .min : .max) : microseconds)
    }

    /// Whole seconds since 1970-01-01T00:00:00Z, rounded down.
    package var secondsSinceEpoch: Int64 { CivilDate.floorDivide(microsecondsSinceEpoch, 1_000_000).quotient }

    /// The moment that many seconds later, within the years 1 to 9999.
    package func adding(seconds: Int64) -> Timestamp {
        let rest = CivilDate.floorDivide(microsecondsSinceEpoch, 1_000_000).remainder
        let whole = Timestamp(secondsSinceEpoch: secondsSinceEpoch + seconds)
        return Timestamp(microsecondsSinceEpoch: whole.microsecondsSinceEpoch + rest)
    }
}
