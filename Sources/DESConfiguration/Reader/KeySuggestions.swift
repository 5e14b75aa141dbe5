import DESBase

/// Finds the known key that was probably meant.
enum KeySuggestions {
    /// The nearest of `candidates` to `key`; nil when none is near. Letter case, `_` and `-` do not count.
    static func nearest(to key: String, in candidates: [String]) -> String? {
        let wanted = folded(key)
        guard !wanted.isEmpty, wanted.count <= 64 else {
            return nil
        }
        let ranked = candidates.map { candidate in (candidate, wanted.editDistance(to: folded(candidate))) }
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
}

extension [Character] {
    fileprivate func hasPrefix(_ other: [Character]) -> Bool { starts(with: other) }
    fileprivate func hasSuffix(_ other: [Character]) -> Bool { reversed().starts(with: other.reversed()) }
}
