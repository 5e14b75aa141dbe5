extension [Character] {
    /// How many insertions, deletions, replacements and swaps of neighbours make one word of another (optimal string alignment).
    package func editDistance(to other: Self) -> Int {
        var beforeLast: [Int] = []
        var last = [Int](0...other.count)
        for (row, element) in enumerated() {
            var current = [row + 1]
            for (column, counterpart) in other.enumerated() {
                let isSame = element == counterpart
                var best = Swift.min(last[column] + (isSame ? 0 : 1), last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, element == other[column - 1], self[row - 1] == counterpart {
                    best = Swift.min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[other.count]
    }
}
