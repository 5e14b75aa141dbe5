import DESRouting
import DESShard
import DESTelemetry

/// Finds files by uid in the shards of a place.
struct FileLookup {
    struct Found {
        let shard: OpenShard
        let entry: ShardEntry
    }

    let place: any ShardPlace
    /// What could not be looked into on the way.
    private(set) var unreadable: [ShardProblem] = []

    init(place: any ShardPlace) { self.place = place }

    /// The newest file with that uid; of several days the one of `createdAt`, if that is given.
    ///
    /// A shard that cannot be looked into is passed over, and noted in `unreadable`: what is found may then not be the newest.
    ///
    /// - Throws: `PlaceError` when no readable shard has it, or the shards cannot be listed.
    mutating func find(_ uid: String, createdAt: Timestamp?) async throws -> Found {
        var exact: Found?
        var other: Found?
        var unreadable: [ShardProblem] = []
        defer { self.unreadable += unreadable }
        try await place.search(for: uid, day: createdAt?.dateDirectory) { result in
            do throws(ShardProblem) {
                let shard = try result.get()
                guard let entry = try shard.entry(uid: uid) else { return true }
                let found = Found(shard: shard, entry: entry)
                if let createdAt, let time = entry.meta.createdAt.flatMap({ Timestamp(parsing: $0) }), time != createdAt
                {
                    other = other ?? found
                    return true
                }
                exact = found
                return false
            } catch {
                unreadable.append(error)
                return true
            }
        }
        if let found = exact ?? other { return found }
        let damage = unreadable.isEmpty ? "" : "; not all shards could be read: \(unreadable[0])"
        throw PlaceError(message: "no file has the uid \(uid.escapedForOneLine)\(damage)")
    }

    /// Says which shards were passed over on the way to a file that was found.
    func warnOfUnreadable(_ console: ToolConsole) {
        for problem in unreadable {
            console.error("passed over, so this may not be the newest file: \(problem)")
        }
    }
}
