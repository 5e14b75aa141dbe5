extension ODBCError.Kind {
    /// The kind of a diagnostic record.
    ///
    /// - Parameter product: whose native codes they are.
    init(sqlState: String, nativeCode: Int, message: String, product: ODBCProduct) {
        self =
            Self.native(nativeCode, message: message, product: product)
            ?? Self.state(sqlState, product: product) ?? .other
    }

    private static func state(_ state: String, product: ODBCProduct) -> Self? {
        switch state {
        case "08003", "08S01", "08S02", "HYT01": return .unreachable
        case "08001", "08004", "08006", "08007", "57P01", "57P02", "57P03", "53300": return .unreachable
        case "HYT00": return .timedOut
        case "57014": return .timedOut
        case "HY008": return .cancelled
        case "IM002", "IM003", "IM004": return .missingDriver
        case "42S02", "42P01": return .missingTable
        case "42S22", "42703": return .missingColumn
        case "3D000": return .missingDatabase
        case "42501": return .accessDenied
        case "40001", "40P01", "55P03", "HYT02": return .locked
        case "25006": return .readOnly
        case "53100": return .diskFull
        default: break
        }
        switch state.prefix(2) {
        case "08": return .unreachable
        case "28": return .accessDenied
        case "23": return .constraint
        default: return nil
        }
    }

    private static func native(_ code: Int, message: String, product: ODBCProduct) -> Self? {
        switch product {
        case .mysql: mysql(code)
        case .sqlServer: sqlServer(code)
        case .oracle: oracle(code)
        case .sqlite: sqlite(code, message)
        case .postgresql: postgresql(message)
        case .other: nil
        }
    }

    /// Codes of the server ("Server Error Message Reference") and, from 2000, of its client library.
    private static func mysql(_ code: Int) -> Self? {
        switch code {
        case 2002, 2003, 2004, 2005, 2006, 2012, 2013, 2055, 1040, 1042, 1053, 1077, 1079, 1152, 1158, 1159, 1160, 1161,
            1184, 1203, 1927, 3032, 4031:
            .unreachable
        case 1044, 1045, 1130, 1142, 1143, 1227, 1370, 1396, 1410, 1449, 1698, 1820, 1862, 2026, 2059, 3118, 4151:
            .accessDenied
        case 1049: .missingDatabase
        case 1051, 1109, 1146: .missingTable
        case 1054: .missingColumn
        case 1205, 1213, 3572, 1015, 1689: .locked
        case 1969, 3024: .timedOut
        case 1317, 1028: .cancelled
        case 3, 20, 1021, 1041, 1114, 1135, 1026: .diskFull
        case 1036, 1290, 1792, 1836, 3989: .readOnly
        case 1048, 1062, 1169, 1216, 1217, 1451, 1452, 1557, 1586, 3819, 4025: .constraint
        default: nil
        }
    }

    /// "Database engine events and errors" of SQL Server.
    private static func sqlServer(_ code: Int) -> Self? {
        switch code {
        case 18452, 18456, 18470, 18486, 18487, 18488, 229, 230, 262, 297, 300, 916: .accessDenied
        case 4060, 911: .missingDatabase
        case 208: .missingTable
        case 207: .missingColumn
        case 1204, 1205, 1222: .locked
        case 1105, 9002, 1101, 3257: .diskFull
        case 3906, 3908, 978, 3997: .readOnly
        case 515, 547, 2601, 2627: .constraint
        case 233, 10053, 10054, 10060, 10061, 6005, 17142, 40197, 40501, 40613, 49918, 983, 596, 924, 922: .unreachable
        default: nil
        }
    }

    /// "Oracle Database Error Messages", numbers after `ORA-`.
    private static func oracle(_ code: Int) -> Self? {
        switch code {
        case 1017, 1004, 1005, 28000, 28001, 1031, 1045, 1720, 41900: .accessDenied
        case 942: .missingTable
        case 904: .missingColumn
        case 12154, 12505, 12262: .missingDatabase
        case 54, 60, 4021, 30006, 8177: .locked
        case 1536, 1652, 1653, 1654, 1688, 257, 30036, 19502, 19504: .diskFull
        case 16000, 1456, 372, 12081: .readOnly
        case 1, 1400, 1407, 2290, 2291, 2292: .constraint
        case 1013: .cancelled
        case 3156, 12609, 40: .timedOut
        case 28, 1012, 1033, 1034, 1089, 1090, 1092, 2396, 3113, 3114, 3135, 12152, 12170, 12203, 12514, 12516, 12518,
            12519, 12520, 12528, 12537, 12541, 12543, 12545, 12547, 12571, 25408:
            .unreachable
        default: nil
        }
    }

    /// Result codes of SQLite.
    private static func sqlite(_ code: Int, _ message: String) -> Self? {
        switch code & 0xFF {
        case 1 where message.contains("no such table"): .missingTable
        case 1 where message.contains("no such column"): .missingColumn
        case 5, 6: .locked
        case 8: .readOnly
        case 9: .cancelled
        case 13: .diskFull
        case 14: .missingDatabase
        case 19: .constraint
        default: nil
        }
    }

    /// The driver has one state for all that goes wrong when it connects.
    private static func postgresql(_ message: String) -> Self? {
        if message.contains("authentication failed") || message.contains("no pg_hba.conf entry") {
            return .accessDenied
        }
        if message.contains("database \"") && message.contains("does not exist") { return .missingDatabase }
        return nil
    }
}
