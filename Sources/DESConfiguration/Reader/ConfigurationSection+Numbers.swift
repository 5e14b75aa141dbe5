package import DESRouting

extension ConfigurationSection {
    /// A whole number; nil when left out.
    package func integer(_ key: String, in range: ClosedRange<Int>) -> Int? {
        value(key, expected: Self.expectation("a whole number", range)) { text in
            IntegerText.parse(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A whole number.
    package func integer(_ key: String, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        integer(key, in: range) ?? fallback
    }

    /// The bits that choose a shard; nil when left out.
    package func shardBits(_ key: String) -> ShardBits? {
        integer(key, in: ShardBits.range).flatMap { ShardBits($0) }
    }

    /// A size in bytes, also with a unit such as `256MiB`; nil when left out.
    package func byteCount(_ key: String, in range: ClosedRange<Int>) -> Int? {
        value(key, expected: Self.byteCountExpectation(range)) { text in
            ByteCountText.parse(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A size in bytes, also with a unit such as `256MiB`.
    package func byteCount(_ key: String, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        byteCount(key, in: range) ?? fallback
    }

    /// A number that may have a fraction; nil when left out.
    package func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        let bounds = "from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))"
        return value(key, expected: "a number \(bounds)") { text in
            DecimalText.parse(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A number of seconds that may have a fraction; nil when left out.
    package func seconds(_ key: String, in range: ClosedRange<Double>) -> Duration? {
        number(key, in: range).map { .seconds($0) }
    }

    /// A size in bytes in an environment variable that wins over the file; nil when it is not set or empty.
    package func byteCount(fromVariable variable: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = variableValue(variable) else {
            return nil
        }
        if let count = ByteCountText.parse(text.trimmingBlanks()), range.contains(count) {
            return count
        }
        reportVariable(
            variable, "expected \(Self.byteCountExpectation(range)), found \(Display.value(text))")
        return nil
    }

    /// The value of an environment variable that wins over the file; nil when it is not set or empty.
    package func variableValue(_ variable: String) -> String? {
        reader.substitution.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Reports that an environment variable that wins over the file is wrong.
    package func reportVariable(_ variable: String, _ message: String) {
        reader.report(ConfigurationProblem(keyPath: "environment variable \(variable)", message: message))
    }

    private static func byteCountExpectation(_ range: ClosedRange<Int>) -> String {
        "\(expectation("a number of bytes", range)) (such as \(ByteCountText.examples))"
    }

    private static func expectation(_ noun: String, _ range: ClosedRange<Int>) -> String {
        range.upperBound == .max
            ? "\(noun), at least \(range.lowerBound)"
            : "\(noun) from \(range.lowerBound) to \(range.upperBound)"
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }
}
