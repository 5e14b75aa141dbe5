import DESBase
import DESShard
import DESStorage
import Synchronization

/// A copy of a remote shard in a temporary file of the shard's size, into which only those ranges are fetched that are needed:
/// the index at first.
final class RemoteCopy: Sendable {
    /// How much of a shard's end is read at first: the index of most shards fits.
    private static let tailSize = 64 << 10
    private static let header: Range<UInt64> = 0..<8
    private static let footerSize = 12

    let address: String
    private let source: RemoteSource
    private let key: String
    private let file: TemporaryFile
    /// From here on everything has been fetched.
    private let end: UInt64
    private let fetched: Atomic<UInt64>

    /// Where this process can read the copy; no message shows it.
    var path: String { file.path }
    /// Room that it takes on the disk.
    var fetchedBytes: UInt64 { fetched.load(ordering: .relaxed) }

    private init(_ object: Fetched, source: RemoteSource, file: TemporaryFile) {
        address = source.address(of: object.key)
        key = object.key
        self.source = source
        self.file = file
        end = object.end
        fetched = Atomic(object.size - object.end)
    }

    private struct Fetched {
        let key: String
        let size: UInt64
        var end: UInt64
    }

    /// Fetches the index of a shard.
    ///
    /// - Parameter object: as the store told of it.
    /// - Throws: `ShardProblem` that it is unreadable. Whether it is a shard is found out by ``open()``.
    static func begin(_ object: ObjectAttributes, _ source: RemoteSource) async throws(ShardProblem) -> RemoteCopy {
        async let early = header(of: object, source)
        let (tail, size) = try await tail(of: object, source)
        let file = try attempt(source, object.key) { () throws(SystemError) in
            try TemporaryFile(in: source.temporaryFolder, size: size)
        }
        var fetched = Fetched(key: object.key, size: size, end: size - UInt64(tail.count))
        try attempt(source, object.key) { () throws(SystemError) in try file.write(tail, at: fetched.end) }
        // Without a header the tail is all of it.
        guard fetched.end > 0 else { return RemoteCopy(fetched, source: source, file: file) }
        var header = try await early.get()
        if header.isEmpty { header = try await source.read(object.key, Self.header) }
        try attempt(source, object.key) { () throws(SystemError) in try file.write(header, at: 0) }
        // If that is no shard, opening it tells so.
        if let index = indexStart(header, tail, size: size), index < fetched.end {
            let copy = RemoteCopy(fetched, source: source, file: file)
            try await copy.fetch(index..<fetched.end)
            fetched.end = index
        }
        return RemoteCopy(fetched, source: source, file: file)
    }

    /// The first bytes, unless they are in the tail; none if that was not known.
    private static func header(
        of object: ObjectAttributes, _ source: RemoteSource
    ) async -> Result<[UInt8], ShardProblem> {
        guard object.size > UInt64(tailSize) else { return .success([]) }
        do throws(ShardProblem) { return .success(try await source.read(object.key, header)) } catch {
            return .failure(error)
        }
    }

    private static func tail(
        of object: ObjectAttributes, _ source: RemoteSource
    ) async throws(ShardProblem) -> (bytes: [UInt8], size: UInt64) {
        // Some servers refuse to give the end of nothing.
        guard object.size > 0 else { return ([], 0) }
        let tail: (bytes: [UInt8], size: UInt64)
        do throws(StorageError) { tail = try await source.store.readTail(object.key, count: tailSize) } catch {
            throw source.unreadable(object.key, error)
        }
        guard UInt64(tail.bytes.count) == min(tail.size, UInt64(tailSize)) else {
            throw ShardProblem(
                .unreadable, file: source.address(of: object.key), "asked for its end, \(tail.bytes.count) bytes came")
        }
        return tail
    }

    private static func indexStart(_ header: [UInt8], _ tail: [UInt8], size: UInt64) -> UInt64? {
        let footer = Array(tail.suffix(footerSize))
        return header.withUnsafeBytes { header in
            footer.withUnsafeBytes { footer in
                try? ShardLayout(header: header, footer: footer, fileSize: size, file: "").index.lowerBound
            }
        }
    }

    /// Reads the index.
    ///
    /// - Throws: `ShardProblem` when the shard is damaged.
    func open() throws(ShardProblem) -> OpenShard {
        do throws(ShardError) {
            return OpenShard(name: key, address: address, reader: try ShardReader(path: path), copy: self)
        } catch {
            throw ShardProblem(error, copy: path, address: address)
        }
    }

    /// Brings in all that is missing.
    func fetchAll() async throws(ShardProblem) { try await fetch(0..<end) }

    /// Brings in a range.
    ///
    /// - Parameter uid: the entry that it is fetched for.
    func fetch(_ range: Range<UInt64>, uid: String? = nil) async throws(ShardProblem) {
        guard range.lowerBound < end else { return }
        try await source.forEachPiece(of: key, range.lowerBound..<min(range.upperBound, end), uid: uid) {
            bytes, offset in
            try Self.attempt(source, key) { () throws(SystemError) in try file.write(bytes, at: offset) }
            fetched.add(UInt64(bytes.count), ordering: .relaxed)
        }
    }

    /// The big file that an entry of this shard names.
    func bigFile(_ hash: String, size: UInt64, entry: ShardEntry) -> RemoteBigFile {
        RemoteBigFile(source: source, shard: key, hash: hash, size: size, entry: entry)
    }

    private static func attempt<Value>(
        _ source: RemoteSource, _ key: String, _ body: () throws(SystemError) -> Value
    ) throws(ShardProblem) -> Value {
        do throws(SystemError) { return try body() } catch {
            throw ShardProblem(
                .unreadable, file: source.address(of: key), isOfLocalDisk: error.isUnwritable,
                "no copy of it could be kept in \(source.temporaryFolder): \(error.reason)")
        }
    }
}
