extension Timestamp {
    /// The moment that a number counted from 1970-01-01T00:00:00Z stands for; nil outside the years 1 to 9999.
    ///
    /// The unit is told by the magnitude of the number:
    ///
    /// | magnitude | unit | from 1970 to |
    /// |---|---|---|
    /// | below 10¹¹ | seconds | 5138-11-16 |
    /// | 10¹¹ to below 10¹⁴ | milliseconds (1973-03-03 and later) | 5138-11-16 |
    /// | 10¹⁴ to below 10¹⁷ | microseconds (1973-03-03 and later) | 5138-11-16 |
    /// | 10¹⁷ and above | nanoseconds (1973-03-03 and later), rounded down to microseconds | 2262-04-11 |
    ///
    /// Negative numbers count back, by the same magnitudes.
    public init?(epoch number: Int64) {
        guard let microseconds = EpochUnit(magnitude: number.magnitude).microseconds(number) else { return nil }
        self.init(exactMicroseconds: microseconds)
    }

    /// As ``init(epoch:)-(Int64)``, rounded to the nearest microsecond; nil for infinity and not-a-number.
    public init?(epoch number: Double) {
        guard number.isFinite, number.magnitude < 0x1p63 else { return nil }
        let unit = EpochUnit(magnitude: UInt64(number.magnitude))
        let microseconds = (number * unit.microsecondsPerUnit).rounded()
        guard microseconds.magnitude < 0x1p63 else { return nil }
        self.init(exactMicroseconds: Int64(microseconds))
    }

    /// The moment that an integer in a database column stands for: a calendar date `YYYYMMDD` or date and time
    /// `YYYYMMDDHHMMSS` of the years 1900 to 2199 where the number reads as one, else as ``init(epoch:)-(Int64)``.
    ///
    /// SQLite stores the text `20240102` in a column declared `DATE` or `TIMESTAMP` as a number, so that a number must
    /// mean what the text would mean. (As seconds these numbers lie in 1970, as milliseconds after the year 2570.)
    public init?(storedInteger number: Int64) {
        switch number {
        case 19_000_101...21_991_231:
            if let date = CivilDate(digits: number) {
                self.init(exactMicroseconds: date.dayNumber * CivilDate.microsecondsPerDay)
                return
            }
        case 19_000_101_000_000...21_991_231_235_959:
            let time = number % 1_000_000
            if let date = CivilDate(digits: number / 1_000_000), time / 10_000 < 24, time / 100 % 100 < 60,
                time % 100 < 60
            {
                let seconds = time / 10_000 * 3600 + time / 100 % 100 * 60 + time % 100
                self.init(exactMicroseconds: (date.dayNumber * 86_400 + seconds) * 1_000_000)
                return
            }
        default: break
        }
        self.init(epoch: number)
    }
}

extension CivilDate {
    /// The day that `YYYYMMDD` names.
    fileprivate init?(digits: Int64) {
        self.init(year: Int(digits / 10_000), month: Int(digits / 100 % 100), day: Int(digits % 100))
    }
}

/// What an epoch number counts, told by its magnitude.
enum EpochUnit {
    case seconds
    case milliseconds
    case microseconds
    case nanoseconds

    init(magnitude: UInt64) {
        switch magnitude {
        case ..<100_000_000_000: self = .seconds
        case ..<100_000_000_000_000: self = .milliseconds
        case ..<100_000_000_000_000_000: self = .microseconds
        default: self = .nanoseconds
        }
    }

    /// The number in microseconds, rounded down; nil on overflow.
    func microseconds(_ number: Int64) -> Int64? {
        switch self {
        case .seconds: Self.multiply(number, 1_000_000)
        case .milliseconds: Self.multiply(number, 1000)
        case .microseconds: number
        case .nanoseconds: CivilDate.floorDivide(number, 1000).quotient
        }
    }

    var microsecondsPerUnit: Double {
        switch self {
        case .seconds: 1_000_000
        case .milliseconds: 1000
        case .microseconds: 1
        case .nanoseconds: 0.001
        }
    }

    /// How many digits after the decimal point are whole microseconds.
    var digitsBelowToMicroseconds: Int {
        switch self {
        case .seconds: 6
        case .milliseconds: 3
        case .microseconds, .nanoseconds: 0
        }
    }

    private static func multiply(_ number: Int64, _ factor: Int64) -> Int64? {
        let (product, overflows) = number.multipliedReportingOverflow(by: factor)
        return overflows ? nil : product
    }
}
