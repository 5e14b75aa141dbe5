import DESBase

/// Counts, for each place, how many files of a slice were read and how many were not, in bounded memory. A folder has those of
/// the folders below it too.
struct PlaceTally: Sendable {
    struct Count: Sendable, Hashable {
        var read = 0
        var failed = 0
    }

    private let mostPlaces: Int
    /// By a hash of the place: some ten bytes each.
    private var counts: [Int: Count] = [:]
    /// Files that were read, wherever.
    private(set) var read = 0

    /// - Parameter mostPlaces: how many are told apart; of further ones nothing is known.
    init(mostPlaces: Int = 65_536) { self.mostPlaces = mostPlaces }

    mutating func read(_ location: String) {
        read += 1
        count(location) { $0.read += 1 }
    }

    mutating func failed(_ location: String) { count(location) { $0.failed += 1 } }

    /// Nil if the place is none of those that are counted.
    func count(of place: SourcePlace) -> Count? {
        var text = place.prefix.text
        return counts[text.withUTF8 { Self.hash($0, $0.count) }]
    }

    private mutating func count(_ location: String, _ change: (inout Count) -> Void) {
        var location = location
        location.withUTF8 { bytes in
            for length in SourcePlace.lengths(bytes) {
                let hash = Self.hash(bytes, min(length, bytes.count))
                if counts[hash] != nil || counts.count < mostPlaces { change(&counts[hash, default: Count()]) }
            }
        }
    }

    private static func hash(_ bytes: UnsafeBufferPointer<UInt8>, _ length: Int) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[..<length]))
        return hasher.finalize()
    }
}
