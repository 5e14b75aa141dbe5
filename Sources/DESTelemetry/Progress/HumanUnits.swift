/// Numbers as people read them, the same in progress, reports and messages; not for machines.
extension BinaryInteger {
    /// With commas: `1,234,567`.
    package var groupedByThousands: String {
        let digits = Array(String(magnitude))
        var result = self < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index).isMultiple(of: 3) { result += "," }
            result.append(digit)
        }
        return result
    }

    /// As a number of bytes in binary units with one decimal: `512 B`, `1.2 GiB`.
    package var byteCountText: String {
        let magnitude = Double(magnitude)
        if magnitude < 1024 { return "\(self) B" }
        var value = magnitude
        var unit = -1
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        // 1023.95 would be rounded to 1024.0, which is the next unit's 1.0.
        while value >= 1023.95, unit + 1 < units.count {
            value /= 1024
            unit += 1
        }
        let tenths = Int((value * 10).rounded())
        return "\(self < 0 ? "-" : "")\((tenths / 10).groupedByThousands).\(tenths % 10) \(units[max(unit, 0)])"
    }
}

extension Duration {
    /// The two largest units: `850 ms`, `4.2 s`, `1 m 20 s`, `2 h 5 m`, `3 d 4 h`.
    package var humanReadable: String {
        if self < .zero { return "-" + (.zero - self).humanReadable }
        let milliseconds = components.seconds.multipliedReportingOverflow(by: 1000)
        guard !milliseconds.overflow else { return "\((components.seconds / 86_400).groupedByThousands) d" }
        let total = milliseconds.partialValue + components.attoseconds / 1_000_000_000_000_000
        if total < 1000 { return "\(total) ms" }
        // Up to 9.9 s a tenth says something; beyond, whole seconds do.
        if total < 9_950 {
            let tenths = (total + 50) / 100
            return tenths.isMultiple(of: 10) ? "\(tenths / 10) s" : "\(tenths / 10).\(tenths % 10) s"
        }
        let seconds = (total + 500) / 1000
        return if seconds < 60 {
            "\(seconds) s"
        } else if seconds < 3_600 {
            "\(seconds / 60) m \(seconds % 60) s"
        } else if seconds < 86_400 {
            "\(seconds / 3_600) h \(seconds / 60 % 60) m"
        } else {
            "\((seconds / 86_400).groupedByThousands) d \(seconds / 3_600 % 24) h"
        }
    }
}
