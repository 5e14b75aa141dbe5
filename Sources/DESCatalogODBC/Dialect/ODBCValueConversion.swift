import DESBase
import DESCatalog
import DESODBC

extension CatalogValue {
    /// A value as it was read.
    init(_ value: ODBCValue) {
        switch value {
        case .null: self = .null
        case .integer(let number): self = .integer(number)
        case .real(let number): self = .real(number)
        case .text(let text): self = .text(text)
        case .bytes(let bytes): self = .blob(bytes)
        case .time(let time):
            let moment = Timestamp(
                year: time.year, month: time.month, day: time.day, hour: time.hour, minute: time.minute,
                second: time.second, microsecond: time.nanosecond / 1000)
            // MySQL keeps dates with a month or day of zero.
            self = moment.map(CatalogValue.time) ?? .text(time.text(digits: 6))
        }
    }
}

extension SQLDialect {
    /// The value of a key as a parameter for a column; nil if the column cannot hold such a value.
    func value(_ value: CatalogValue, for column: ODBCColumn) -> ODBCValue? {
        switch (column.type, value) {
        case (_, .null): .null
        case (_, .tooLong): nil
        case (.date, .time(let time)), (.timestamp, .time(let time)): .text(text(time, for: column))
        case (.date, .text(let text)), (.timestamp, .text(let text)): .text(text)
        case (.date, _), (.timestamp, _): nil
        case (.integer, _), (.boolean, _): value.integerValue.map(ODBCValue.integer)
        case (.real, .real(let number)): .real(number)
        case (.real, .integer(let number)): .real(Double(number))
        case (.real, _): nil
        case (.bytes, .blob(let bytes)): .bytes(bytes)
        case (.bytes, .text(let text)): .bytes(Array(text.utf8))
        case (.bytes, _): nil
        case (.text, _), (.decimal, _), (.uuid, _):
            switch value {
            case .text(let text): .text(text)
            case .integer(let number): .text(String(number))
            case .blob(let bytes): .bytes(bytes)
            case .null, .real, .time, .tooLong: nil
            }
        }
    }
}
