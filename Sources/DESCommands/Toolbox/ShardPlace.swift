import DESRouting
import DESShard
import DESSystem

/// What the toolbox works on: one shard, or all shards of a directory, newest name last.
struct ShardPlace: Sendable {
    /// Paths of the shards, sorted by name.
    let shards: [String]
    private let bigFilesPrefix: String

    /// - Throws: `PlaceError` when there is no such place, or it is of a kind that this build cannot read.
    init(_ place: String) throws {
        bigFilesPrefix = try EnvironmentSettings().bigFilesPrefix
        let place = Self.withoutTrailingSlashes(place)
        guard !place.hasPrefix("s3://") else {
            throw PlaceError(message: "cannot read \(place): this build reads local places only")
        }
        guard let status = try FileSystem.status(place) else {
            throw PlaceError(message: "there is nothing at \(place)")
        }
        switch status.kind {
        case .regular:
            shards = [place]
        case .directory:
            shards = try FileSystem.names(in: place)
                .filter { $0.hasSuffix(".des") && !$0.hasPrefix(".") }
                .map { "\(place)/\($0)" }
        default:
            throw PlaceError(message: "\(place) is a \(status.kind.rawValue), neither a shard nor a directory")
        }
    }

    /// Shards that may hold a uid, those of the newest day and the newest name first. Files with other names than shards have may
    /// hold anything.
    func shards(mayHold uid: String, dateDirectory: String?) -> [String] {
        guard shards.count > 1 else { return shards }
        return shards.reversed().filter { path in
            guard let name = ShardFileName(Self.name(of: path)) else { return true }
            return name.mayHold(uid: uid) && (dateDirectory == nil || name.dateDirectory == dateDirectory)
        }
    }

    /// Opens one of the shards.
    func open(_ path: String) throws(ShardError) -> ShardReader {
        try ShardReader(
            path: path, bigFilesDirectory: "\(FileSystem.parentDirectory(of: path))/\(bigFilesPrefix)"
        )
    }

    private static func withoutTrailingSlashes(_ path: String) -> String {
        var path = path[...]
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }

    static func name(of path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.index(after: $0)...]) } ?? path
    }
}

/// A place that cannot be read, or that lacks what was asked for.
struct PlaceError: Error, CustomStringConvertible {
    let message: String

    var description: String { message }
}
