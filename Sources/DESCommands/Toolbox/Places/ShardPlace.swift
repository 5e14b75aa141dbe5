import DESSystem

/// What the toolbox works on: one shard, or all shards of a directory or of a prefix in S3.
protocol ShardPlace: Sendable {
    /// Opens one shard after the other, newest name last; a shard that cannot be opened comes as a problem.
    ///
    /// - Throws: what `body` throws, and `PlaceError` when the shards cannot be listed.
    func forEachShard(_ body: (Result<OpenShard, ShardProblem>) async throws -> Void) async throws

    /// The same for those that may hold a uid, the newest day and name first, until `body` returns false. Files with other names
    /// than shards have may hold anything.
    ///
    /// - Parameter day: `YYYYMMDD`, if it is known.
    func search(
        for uid: String, day: String?, _ body: (Result<OpenShard, ShardProblem>) async throws -> Bool
    ) async throws
}

/// Finds out what kind of place a command was given.
enum ShardPlaces {
    /// - Throws: `PlaceError` when there is no such place, or it cannot be read; exit code 78 for a wrong environment.
    static func open(_ place: String, _ opening: PlaceOpening) async throws -> any ShardPlace {
        let bigFilesPrefix = try EnvironmentSettings().bigFilesPrefix
        guard place.hasPrefix(RemoteAddress.scheme) else {
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
