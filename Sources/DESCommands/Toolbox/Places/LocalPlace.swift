import DESBase
import DESRouting

/// A shard in a local file, all shards of a local directory, or those whose names begin in one way.
struct LocalPlace: ShardPlace {
    /// Paths of the shards, sorted by name.
    private let shards: [String]
    private let bigFilesPrefix: String
    /// Whether the place is one shard, whose name tells nothing.
    private let isShard: Bool

    /// - Throws: `PlaceError` when there is no such place, or it is neither.
    init(_ place: String, bigFilesPrefix: String) throws {
        self.bigFilesPrefix = bigFilesPrefix
        let place = Self.withoutTrailingSlashes(place)
        guard let status = try FileSystem.status(place) else {
            guard let shards = try Self.shards(beginning: place), !shards.isEmpty else {
                throw PlaceError(message: "there is nothing at \(place)")
            }
            self.shards = shards
            isShard = false
            return
        }
        isShard = status.kind == .regular
        switch status.kind {
        case .regular: shards = [place]
        case .directory: shards = try Self.shards(in: place)
        default:
            throw PlaceError(message: "\(place) is a \(status.kind.rawValue), neither a shard nor a directory")
        }
    }

    /// The shards of a folder whose names begin as the last part of a path says; nil if it says nothing, or there is no folder.
    private static func shards(beginning path: String) throws -> [String]? {
        guard let prefix = ShardNamePrefix(name(of: path)) else { return nil }
        let folder = FileSystem.parentDirectory(of: path)
        guard try FileSystem.status(folder)?.kind == .directory else { return nil }
        return try shards(in: folder).filter { prefix.begins(name(of: $0)) }
    }

    private static func shards(in folder: String) throws -> [String] {
        try FileSystem.names(in: folder).filter { $0.hasByteSuffix(".des") && !$0.hasBytePrefix(".") }
            .map { folder.hasByteSuffix("/") ? "\(folder)\($0)" : "\(folder)/\($0)" }
    }

    func forEachShard(_ body: (Result<OpenShard, ShardProblem>) async throws -> Void) async throws {
        for path in shards { try await body(open(path, isPrepared: false)) }
    }

    func search(
        day: String?, wants: (ShardFileName?) -> Bool, _ body: (Result<OpenShard, ShardProblem>) async throws -> Void
    ) async throws {
        for path in ShardOrder.newestFirst(shards, name: Self.name) {
            let name = tellingName(Self.name(of: path))
            if let day, let name, name.dateDirectory != day { continue }
            if wants(name) { try await body(open(path, isPrepared: true)) }
        }
    }

    func open(
        _ names: [String], _ body: (Result<OpenShard, ShardProblem>) async throws -> Void
    ) async throws {
        let wanted = Set(names.map { ByteString($0) })
        for path in shards where wanted.contains(ByteString(Self.name(of: path))) {
            try await body(open(path, isPrepared: true))
        }
    }

    func tellingName(_ shard: String) -> ShardFileName? { isShard ? nil : ShardFileName(shard) }

    private func open(_ path: String, isPrepared: Bool) async -> Result<OpenShard, ShardProblem> {
        do throws(ShardProblem) {
            let bigFiles = "\(FileSystem.parentDirectory(of: path))/\(bigFilesPrefix)"
            let shard = try await OpenShard(
                name: Self.name(of: path), LocalShard(path, bigFilesFolder: bigFiles))
            if isPrepared { try await shard.prepare() }
            return .success(shard)
        } catch {
            return .failure(error)
        }
    }

    private static func withoutTrailingSlashes(_ path: String) -> String {
        var bytes = path.utf8[...]
        while bytes.count > 1 && bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func name(of path: String) -> String {
        path.utf8.lastIndex(of: UInt8(ascii: "/")).map {
            String(decoding: path.utf8[path.utf8.index(after: $0)...], as: UTF8.self)
        }
            ?? path
    }
}
