import DESBase
import DESStorage

/// The shards of a remote place in the order of their names, a page at a time.
struct RemoteListing {
    private static let pageSize = 1000

    private let source: RemoteSource
    private let prefix: String
    private var page: ArraySlice<ObjectAttributes> = []
    private var after: String?
    private var isAtEnd = false

    /// - Parameter prefix: what the names begin with.
    init(_ source: RemoteSource, prefix: String = "") {
        self.source = source
        self.prefix = prefix
    }

    /// The next shard; nil at the end.
    ///
    /// - Throws: `PlaceError` when the store does not tell.
    mutating func next() async throws(PlaceError) -> ObjectAttributes? {
        while true {
            while let object = page.popFirst() {
                if object.key.hasByteSuffix(".des"), !object.key.hasBytePrefix("."),
                    !object.key.utf8.contains(Self.slash)
                {
                    return object
                }
            }
            guard !isAtEnd else { return nil }
            try await turn()
        }
    }

    private mutating func turn() async throws(PlaceError) {
        let next: ObjectPage
        do throws(StorageError) {
            next = try await source.store.list(prefix: prefix, after: after, limit: Self.pageSize)
        } catch {
            throw PlaceError(message: "cannot list \(source.address.text): \(error)")
        }
        page = next.objects[...]
        isAtEnd = next.next == nil
        after = next.next.map(Self.behindFolder)
    }

    /// The last of the keys that lie in the same folder: big files may be many, and none of them is a shard.
    private static func behindFolder(_ key: String) -> String {
        guard let end = key.utf8.firstIndex(of: slash) else { return key }
        return "\(key[..<end])/\u{10FFFF}"
    }

    private static let slash = UInt8(ascii: "/")
}
