import DESRouting
import DESShard
import DESTelemetry

/// Finds files by uid in the shards of a place.
struct FileLookup {
    struct Found {
        let reader: ShardReader
        let entry: ShardEntry
    }

    let place: ShardPlace
    /// What could not be looked into on the way.
    private(set) var unreadable: [ShardError] = []

    init(place: ShardPlace) { self.place = place }

    /// The newest file with that uid; of several days the one of `createdAt`, if that is given.
    ///
    /// A shard that cannot be looked into is passed over, and noted in `unreadable`: what is found may then not be the newest.
    ///
    /// - Throws: `PlaceError` when no readable shard has it.
    mutating func find(_ uid: String, createdAt: Timestamp?) throws -> Found {
        var other: Found?
        for path in place.shards(mayHold: uid, dateDirectory: createdAt?.dateDirectory) {
            do throws(ShardError) {
                let reader = try place.open(path)
                guard let entry = try reader.index.entry(uid: uid) else { continue }
                let found = Found(reader: reader, entry: entry)
                guard let createdAt, let time = entry.meta.createdAt.flatMap({ Timestamp(parsing: $0) }),
                    time != createdAt
                else { return found }
                other = other ?? found
            } catch {
                unreadable.append(error)
            }
        }
        if let other { return other }
        let damage = unreadable.isEmpty ? "" : "; not all shards could be read: \(unreadable[0])"
        throw PlaceError(message: "no file has the uid \(uid.escapedForOneLine)\(damage)")
    }
    /// Says on standard error which shards were passed over on the way to a file that was found.
    func warnOfUnreadable() {
        for error in unreadable { Console.error("passed over, so this may not be the newest file: \(error)") }
    }
}
