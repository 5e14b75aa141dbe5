import DESTelemetry

extension BinaryInteger {
    /// The number with its noun: `1 file`, `1,200 files`. The noun is one that takes an s.
    func counted(_ noun: String) -> String { "\(groupedByThousands) \(noun)\(self == 1 ? "" : "s")" }
}
