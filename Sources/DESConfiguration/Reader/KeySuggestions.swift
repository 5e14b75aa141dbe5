/// Finds the known key that was probably meant.
enum KeySuggestions {
    /// The nearest of `candidates` to `key`; nil when none is near. Letter case, `_` and `-` do not count.
    static func nearest(to key: String, in candidates: [String]) -> String? {
        let wanted = folded(key)
        guard !wanted.isEmpty, wanted.count <= 64 else {
            return nil
        }
        let ranked = candidates.map { candidate in (candidate, distance(wanted, folded(candidate))) }
        guard let best = ranked.min(by: { $0.1 < $1.1 }) else {
            return nil
        }
        if best.1 <= max(1, min(3, wanted.count / 3)) {
            return best.0
        }
        let longEnough = wanted.count >= 4
        return candidates.first { longEnough && (folded($0).hasPrefix(wanted) || folded($0).hasSuffix(wanted)) }
    }

    private static func folded(_ key: String) -> [Character] {
        key.lowercased().filter { $0 != "_" && $0 != "-" }.map(\.self)
    }

    /// Insertions, deletions, replacements and swaps of neighbours between two words (optimal string alignment).
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for i in left.indices {
            var current = [i + 1]
            for j in right.indices {
                let isSame = left[i] == right[j]
                var best = min(last[j] + (isSame ? 0 : 1), last[j + 1] + 1, current[j] + 1)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                    best = min(best, beforeLast[j - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}

extension [Character] {
    fileprivate func hasPrefix(_ other: [Character]) -> Bool { starts(with: other) }
    fileprivate func hasSuffix(_ other: [Character]) -> Bool { reversed().starts(with: other.reversed()) }
}
