import DESBase
import DESRouting
import DESShard
import DESTelemetry

/// Finds files by uid in the shards of a place: one pass over the indexes of those that may hold any of them.
struct FileLookup {
    let place: any ShardPlace
    /// What could not be looked into on the way.
    private(set) var unreadable: [ShardProblem] = []

    init(place: any ShardPlace) { self.place = place }

    /// The newest file of each uid, in their order; of several days those of `createdAt`, if that is given.
    ///
    /// A shard that cannot be looked into is passed over, and noted in `unreadable`: what is found may then not be the newest.
    ///
    /// - Throws: `PlaceError` when the shards cannot be listed.
    mutating func find(_ uids: [String], createdAt: Timestamp? = nil) async throws -> [NewestFile] {
        var wanted = WantedUIDs(uids)
        var newest = Array(repeating: NewestFile(wanted: createdAt), count: uids.count)
        var problems: [ShardProblem] = []
        defer { unreadable += problems }
        func open(_ name: ShardFileName?) -> [Int] {
            wanted.candidates(in: name).filter { !newest[$0].isSettled(before: name) }
        }
        try await place.search(day: createdAt?.dateDirectory) { name in
            !open(name).isEmpty
        } _: { result in
            do throws(ShardProblem) {
                let shard = try result.get()
                for position in open(place.tellingName(shard.name)) {
                    do throws(ShardProblem) {
                        guard let entry = try await shard.entry(uid: uids[position]) else { continue }
                        newest[position].add(NewestFile.Candidate(entry, in: shard.name))
                    } catch { problems.append(error) }
                }
            } catch { problems.append(error) }
        }
        return newest
    }

    /// The newest file of one uid.
    ///
    /// - Throws: `PlaceError` when no readable shard has it, or the shards cannot be listed.
    mutating func find(_ uid: String, createdAt: Timestamp?) async throws -> NewestFile {
        let found = try await find([uid], createdAt: createdAt)
        guard let file = found.first, file.best != nil else { throw missing(uid) }
        return file
    }

    /// That no shard has a uid, and whether all of them were looked into.
    func missing(_ uid: String) -> PlaceError {
        let damage = unreadable.isEmpty ? "" : "; not all shards could be read: \(unreadable[0])"
        return PlaceError(message: "no file has the uid \(uid.escapedForOneLine)\(damage)")
    }

    /// Says which shards were passed over on the way to files that were found.
    func warnOfUnreadable(_ console: ToolConsole) {
        for problem in unreadable {
            console.error("passed over, so this may not be the newest file: \(problem)")
        }
    }

    /// Says that a file was chosen by the name of its shard only.
    static func warnOfRival(_ file: NewestFile, uid: String, _ console: ToolConsole) {
        guard let best = file.best, let rival = file.rival else { return }
        let time = best.createdAt.map { "created at \($0.rfc3339)" } ?? "without a time"
        let shards = "\(best.shard) and \(rival.shard)".escapedForOneLine
        console.error(
            "uid \(uid.escapedForOneLine): two different files \(time), in \(shards); the first is taken, "
                + "whose shard is newer by its name, if the clocks of their writers were right")
    }
}
