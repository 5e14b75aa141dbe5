import DESBase

/// Finds the name that somebody who mistyped one probably meant.
package enum NearestName {
    /// The candidate with the fewest single-character changes to `name`, letter case aside; nil if none is near: more
    /// than half of the characters would have to change.
    package static func nearest(to name: String, among candidates: [String]) -> String? {
        let wanted = Array(name.lowercased())
        var best: (name: String, distance: Int)?
        for candidate in candidates {
            let distance = wanted.editDistance(to: Array(candidate.lowercased()))
            if distance <= max(wanted.count, candidate.count) / 2, distance < best?.distance ?? Int.max {
                best = (candidate, distance)
            }
        }
        return best?.name
    }
}
