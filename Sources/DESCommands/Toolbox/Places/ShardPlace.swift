import DESBase
import DESRouting

/// What the toolbox works on: one shard, all shards of a directory or of a prefix in S3, or those of them whose names begin in
/// one way.
protocol ShardPlace: Sendable {
    /// Opens one shard after the other, newest name last; a shard that cannot be opened comes as a problem.
    ///
    /// - Throws: what `body` throws, and `PlaceError` when the shards cannot be listed.
    func forEachShard(_ body: (Result<OpenShard, ShardProblem>) async throws -> Void) async throws

    /// The same for those that are wanted: first those whose names tell nothing, then the newest day, and of a day the newest
    /// shard. Of a day that is known those of that day may come before the others.
    ///
    /// - Parameters:
    ///   - day: `YYYYMMDD`, if it is known.
    ///   - wants: whether to look into a shard of such a name, asked just before; nil: into those whose names tell nothing.
    func search(
        day: String?, wants: (ShardFileName?) -> Bool, _ body: (Result<OpenShard, ShardProblem>) async throws -> Void
    ) async throws

    /// The same for shards that came up before, by their names, in any order.
    func open(
        _ names: [String], _ body: (Result<OpenShard, ShardProblem>) async throws -> Void
    ) async throws

    /// What a shard's name tells of what it may hold; nil if nothing, or if it is the only one that was named.
    func tellingName(_ shard: String) -> ShardFileName?
}

/// Finds out what kind of place a command was given.
enum ShardPlaces {
    /// - Throws: `PlaceError` when there is no such place, or it cannot be read; exit code 78 for a wrong environment.
    static func open(_ place: String, _ opening: PlaceOpening) async throws -> any ShardPlace {
        let bigFilesPrefix = try EnvironmentSettings().bigFilesPrefix
        guard place.hasBytePrefix(URLScheme.s3) else {
            return try LocalPlace(place, bigFilesPrefix: bigFilesPrefix)
        }
        return try await RemotePlace.open(RemoteAddress(place), opening, bigFilesPrefix: bigFilesPrefix)
    }
}

/// A place that cannot be read, or that lacks what was asked for.
struct PlaceError: Error, CustomStringConvertible {
    let message: String

    var description: String { message }
}
