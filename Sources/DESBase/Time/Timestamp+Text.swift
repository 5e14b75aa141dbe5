extension Timestamp {
    /// `YYYYMMDD` of the day in UTC: the first part of a shard's name.
    public var dateDirectory: String {
        let date = CivilDate(dayNumber: dayNumber)
        return String(unsafeUninitializedCapacity: 8) { bytes in
            var position = 0
            func put(_ value: Int, digits: Int) {
                var rest = value
                for index in stride(from: position + digits - 1, through: position, by: -1) {
                    bytes[index] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
                position += digits
            }
            put(date.year, digits: 4)
            put(date.month, digits: 2)
            put(date.day, digits: 2)
            return position
        }
    }

    /// RFC 3339 in UTC with `Z`. The fraction is left out when it is zero, has 3 digits when these suffice, else 6.
    public var rfc3339: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(27)
        appendRFC3339(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends ``rfc3339`` as ASCII bytes: 20, 24 or 27 of them.
    public func appendRFC3339(to output: inout [UInt8]) {
        let (days, timeOfDay) = CivilDate.floorDivide(microsecondsSinceEpoch, CivilDate.microsecondsPerDay)
        let date = CivilDate(dayNumber: days)
        let seconds = Int(timeOfDay / 1_000_000)
        let fraction = Int(timeOfDay % 1_000_000)
        Self.append(date.year, digits: 4, to: &output)
        output.append(UInt8(ascii: "-"))
        Self.append(date.month, digits: 2, to: &output)
        output.append(UInt8(ascii: "-"))
        Self.append(date.day, digits: 2, to: &output)
        output.append(UInt8(ascii: "T"))
        Self.append(seconds / 3600, digits: 2, to: &output)
        output.append(UInt8(ascii: ":"))
        Self.append(seconds / 60 % 60, digits: 2, to: &output)
        output.append(UInt8(ascii: ":"))
        Self.append(seconds % 60, digits: 2, to: &output)
        if fraction != 0 {
            output.append(UInt8(ascii: "."))
            if fraction % 1000 == 0 {
                Self.append(fraction / 1000, digits: 3, to: &output)
            } else {
                Self.append(fraction, digits: 6, to: &output)
            }
        }
        output.append(UInt8(ascii: "Z"))
    }

    /// RFC 3339 in UTC with milliseconds, always, as lines of a log have it: `2026-01-02T03:04:05.678Z`.
    package var rfc3339Milliseconds: String {
        let milliseconds = CivilDate.floorDivide(microsecondsSinceEpoch, 1000).quotient
        let text = Timestamp(microsecondsSinceEpoch: milliseconds * 1000).rfc3339
        return milliseconds % 1000 == 0 ? String(text.dropLast()) + ".000Z" : text
    }

    private static func append(_ value: Int, digits: Int, to output: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<digits { divisor *= 10 }
        while divisor > 0 {
            output.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }
}

extension Timestamp: CustomStringConvertible {
    /// The same as ``rfc3339``.
    public var description: String { rfc3339 }
}
