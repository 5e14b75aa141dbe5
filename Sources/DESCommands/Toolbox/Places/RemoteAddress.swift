/// `s3://bucket/prefix` or `s3://bucket/prefix/NAME.des`, as the user wrote it, without slashes at its end.
struct RemoteAddress: Sendable, Hashable {
    static let scheme = "s3://"

    let text: String
    /// Whether it may be that of one shard: that is for the store to say.
    let mayBeShard: Bool

    /// - Throws: `PlaceError` when it names no bucket.
    init(_ place: String) throws {
        var rest = place.dropFirst(Self.scheme.count)
        let isFolder = rest.hasSuffix("/")
        while rest.hasSuffix("/") { rest.removeLast() }
        guard place.hasPrefix(Self.scheme), let first = rest.first, first != "/" else {
            throw PlaceError(message: "cannot read \(place): expected s3://bucket or s3://bucket/prefix")
        }
        text = Self.scheme + rest
        mayBeShard = !isFolder && rest.hasSuffix(".des") && rest.contains("/")
    }

    private init(folder: String) {
        text = folder
        mayBeShard = false
    }

    /// The prefix that the last name is in, and that name.
    var folderAndName: (folder: RemoteAddress, name: String) {
        let slash = text.utf8.lastIndex(of: UInt8(ascii: "/")) ?? text.startIndex
        return (RemoteAddress(folder: String(text[..<slash])), String(text[text.utf8.index(after: slash)...]))
    }
}
