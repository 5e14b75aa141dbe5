extension Timestamp {
    /// Reads a stored time in any of the forms that databases, SQLAlchemy and people write; nil for anything else.
    ///
    /// | form | examples |
    /// |---|---|
    /// | date | `2024-01-02`, `20240102` (midnight) |
    /// | date and time | `2024-01-02 03:04`, `2024-01-02T03:04:05.123456`, `20240102T030405`, `20240102 03:04:05` |
    /// | digits only | `20240102030405` (where it is a calendar date and time) |
    /// | with a zone | `…Z`, `… UTC`, `…+02`, `…+0200`, `… +02:00`, `…-07:00:00`, `… +0000 UTC` |
    /// | epoch number | `1704164645`, `1704164645.123`, `1704164645123` (see ``init(epoch:)-(Int64)``) |
    ///
    /// - A time without a zone is UTC. A date alone may have a zone too, one with minutes (`2024-01-02+02:00`).
    /// - `T`, `Z` and `UTC` may be lower case; blanks around the text and before the zone are ignored.
    /// - Fraction digits after the sixth are cut off, never rounded: a time stays within its day.
    /// - `24:00`, with zeros only after it, is midnight at the end of the day (ISO 8601).
    /// - A leap second `:60` is the first second of the next minute, as in POSIX time and PostgreSQL.
    /// - A text of 8 digits that is a calendar date is one, and no epoch number; else it counts seconds.
    public init?(parsing text: some StringProtocol) {
        if let result = text.utf8.withContiguousStorageIfAvailable({ Timestamp(parsingUTF8: $0) }) {
            guard let result else { return nil }
            self = result
        } else {
            self.init(parsing: Array(text.utf8))
        }
    }

    /// As ``init(parsing:)-(StringProtocol)``, from UTF-8 bytes.
    public init?(parsing bytes: some Collection<UInt8>) {
        if let result = bytes.withContiguousStorageIfAvailable({ Timestamp(parsingUTF8: $0) }) {
            guard let result else { return nil }
            self = result
        } else {
            let copy = Array(bytes)
            guard let result = copy.withUnsafeBufferPointer({ Timestamp(parsingUTF8: $0) }) else { return nil }
            self = result
        }
    }

    /// As ``init(parsing:)-(StringProtocol)``, from UTF-8 bytes in memory; allocates nothing.
    public init?(parsingUTF8 bytes: UnsafeBufferPointer<UInt8>) {
        var parser = TimestampParser(bytes)
        guard let result = parser.timestamp() else { return nil }
        self = result
    }
}

/// Reads one timestamp from the front of a buffer to its end. Each method moves `position` only past what it accepts.
private struct TimestampParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position: Int
    private let end: Int

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        var start = 0
        var end = bytes.count
        while start < end, Self.isBlank(bytes[start]) { start += 1 }
        while end > start, Self.isBlank(bytes[end - 1]) { end -= 1 }
        self.position = start
        self.end = end
    }

    mutating func timestamp() -> Timestamp? {
        let digits = digitRun()
        let isEnd = position + digits == end
        switch digits {
        case 4 where peek(digits) == UInt8(ascii: "-"):
            return calendarTimestamp(isBasic: false)
        case 8 where isEnd || peek(digits) != UInt8(ascii: "."):
            let start = position
            if let result = calendarTimestamp(isBasic: true) { return result }
            position = start
            return isEnd ? epochNumber() : nil
        case 14 where isEnd:
            let start = position
            if let result = digitsOnlyTimestamp() { return result }
            position = start
            return epochNumber()
        default:
            return epochNumber()
        }
    }

    private mutating func calendarTimestamp(isBasic: Bool) -> Timestamp? {
        guard let date = date(isBasic: isBasic) else { return nil }
        var microseconds: Int64 = 0
        var hasTime = false
        if position < end, peek() | 0x20 == UInt8(ascii: "t") || peek() == UInt8(ascii: " "),
            let first = peek(1), Self.isDigit(first)
        {
            position += 1
            let isBasicTime = isBasic && peek(2) != UInt8(ascii: ":")
            guard let time = timeOfDay(isBasic: isBasicTime) else { return nil }
            microseconds = time
            hasTime = true
        }
        guard let offset = zone(allowsHoursOnly: hasTime), position == end else { return nil }
        let midnight = date.dayNumber * CivilDate.microsecondsPerDay
        return Timestamp(exactMicroseconds: midnight + microseconds - Int64(offset) * 1_000_000)
    }

    /// `YYYYMMDDHHMMSS`.
    private mutating func digitsOnlyTimestamp() -> Timestamp? {
        guard let date = date(isBasic: true), let time = timeOfDay(isBasic: true), position == end else { return nil }
        return Timestamp(exactMicroseconds: date.dayNumber * CivilDate.microsecondsPerDay + time)
    }

    private mutating func date(isBasic: Bool) -> CivilDate? {
        guard let year = number(4), isBasic || accept("-"), let month = number(2), isBasic || accept("-"),
            let day = number(2)
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    /// Microseconds since midnight; the seconds, and then the fraction, may be missing.
    private mutating func timeOfDay(isBasic: Bool) -> Int64? {
        guard let hour = number(2), isBasic || accept(":"), let minute = number(2), minute < 60 else { return nil }
        var second = 0
        var fraction: Int64 = 0
        let hasSeconds = isBasic ? (position < end && Self.isDigit(bytes[position])) : accept(":")
        if hasSeconds {
            guard let value = number(2), value <= 60 else { return nil }
            second = value
            if accept(".") {
                guard let digits = fractionDigits(6) else { return nil }
                fraction = digits
            }
        }
        guard hour < 24 || (hour == 24 && minute == 0 && second == 0 && fraction == 0) else { return nil }
        return Int64(hour * 3600 + minute * 60 + second) * 1_000_000 + fraction
    }

    /// Seconds ahead of UTC, 0 if the text ends here, nil if what stands here is no zone.
    private mutating func zone(allowsHoursOnly: Bool) -> Int? {
        skipBlanks()
        guard position < end else { return 0 }
        if acceptUTC() { return 0 }
        guard let offset = numericOffset(allowsHoursOnly: allowsHoursOnly) else { return nil }
        // Go's time.String() writes "+0000 UTC".
        if offset == 0, position < end, Self.isBlank(bytes[position]) {
            skipBlanks()
            guard acceptUTC() else { return nil }
        }
        return offset
    }

    private mutating func numericOffset(allowsHoursOnly: Bool) -> Int? {
        let isNegative = accept("-")
        guard isNegative || accept("+"), let hours = number(2), hours < 24 else { return nil }
        var seconds = hours * 3600
        if accept(":") {
            guard let minutes = number(2), minutes < 60 else { return nil }
            seconds += minutes * 60
            if accept(":") {
                guard let rest = number(2), rest < 60 else { return nil }
                seconds += rest
            }
        } else if position < end, Self.isDigit(bytes[position]) {
            guard let minutes = number(2), minutes < 60 else { return nil }
            seconds += minutes * 60
        } else if !allowsHoursOnly {
            return nil
        }
        return isNegative ? -seconds : seconds
    }

    private mutating func acceptUTC() -> Bool {
        if peek() | 0x20 == UInt8(ascii: "z") {
            position += 1
            return true
        }
        guard end - position >= 3, bytes[position] | 0x20 == UInt8(ascii: "u"),
            bytes[position + 1] | 0x20 == UInt8(ascii: "t"), bytes[position + 2] | 0x20 == UInt8(ascii: "c")
        else { return false }
        position += 3
        return true
    }

    /// `[+-]digits[.digits]` up to the end.
    private mutating func epochNumber() -> Timestamp? {
        let isNegative = accept("-")
        if !isNegative { _ = accept("+") }
        let count = digitRun()
        guard count > 0, count <= 19 else { return nil }
        var magnitude: UInt64 = 0
        for _ in 0..<count {
            magnitude = magnitude * 10 + UInt64(bytes[position] - UInt8(ascii: "0"))
            position += 1
        }
        guard magnitude <= UInt64(Int64.max) else { return nil }
        let unit = EpochUnit(magnitude: magnitude)
        var fraction: Int64 = 0
        if accept(".") {
            guard let digits = fractionDigits(unit.digitsBelowToMicroseconds) else { return nil }
            fraction = digits
        }
        guard position == end else { return nil }
        let value = Int64(magnitude)
        guard let whole = unit.microseconds(isNegative ? -value : value) else { return nil }
        return Timestamp(exactMicroseconds: isNegative ? whole - fraction : whole + fraction)
    }

    /// One digit or more, of which the first `count` make the result, as if padded with zeros.
    private mutating func fractionDigits(_ count: Int) -> Int64? {
        let available = digitRun()
        guard available > 0 else { return nil }
        var value: Int64 = 0
        for index in 0..<count {
            value = value * 10 + (index < available ? Int64(bytes[position + index] - UInt8(ascii: "0")) : 0)
        }
        position += available
        return value
    }

    private mutating func number(_ count: Int) -> Int? {
        guard end - position >= count else { return nil }
        var value = 0
        for index in position..<position + count {
            guard Self.isDigit(bytes[index]) else { return nil }
            value = value * 10 + Int(bytes[index] - UInt8(ascii: "0"))
        }
        position += count
        return value
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        guard position < end, bytes[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    private mutating func skipBlanks() {
        while position < end, Self.isBlank(bytes[position]) { position += 1 }
    }

    private func digitRun() -> Int {
        var index = position
        while index < end, Self.isDigit(bytes[index]) { index += 1 }
        return index - position
    }

    private func peek(_ distance: Int) -> UInt8? {
        position + distance < end ? bytes[position + distance] : nil
    }

    /// The next byte, or 0 at the end.
    private func peek() -> UInt8 {
        position < end ? bytes[position] : 0
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte &- UInt8(ascii: "0") < 10
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || (byte >= 0x09 && byte <= 0x0D)
    }
}
