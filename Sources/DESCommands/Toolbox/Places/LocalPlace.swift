import DESRouting
import DESShard
import DESSystem

/// A shard in a local file, or all shards of a local directory.
struct LocalPlace: ShardPlace {
    /// Paths of the shards, sorted by name.
    private let shards: [String]
    private let bigFilesPrefix: String

    /// - Throws: `PlaceError` when there is no such place, or it is neither.
    init(_ place: String, bigFilesPrefix: String) throws {
        self.bigFilesPrefix = bigFilesPrefix
        let place = Self.withoutTrailingSlashes(place)
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

    func forEachShard(_ body: (Result<OpenShard, ShardProblem>) async throws -> Void) async throws {
        for path in shards { try await body(open(path)) }
    }

    func search(
        for uid: String, day: String?, _ body: (Result<OpenShard, ShardProblem>) async throws -> Bool
    ) async throws {
        for path in shards.reversed() {
            if shards.count > 1, let name = ShardFileName(Self.name(of: path)) {
                guard name.mayHold(uid: uid), day == nil || name.dateDirectory == day else { continue }
            }
            guard try await body(open(path)) else { return }
        }
    }

    private func open(_ path: String) -> Result<OpenShard, ShardProblem> {
        do throws(ShardError) {
            let bigFiles = "\(FileSystem.parentDirectory(of: path))/\(bigFilesPrefix)"
            let reader = try ShardReader(path: path, bigFilesDirectory: bigFiles)
            return .success(OpenShard(name: Self.name(of: path), address: path, reader: reader, copy: nil))
        } catch {
            return .failure(ShardProblem(error))
        }
    }

    private static func withoutTrailingSlashes(_ path: String) -> String {
        var path = path[...]
        while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }

    private static func name(of path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.index(after: $0)...]) } ?? path
    }
}
