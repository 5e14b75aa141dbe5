import DESBase

/// `s3://bucket/prefix` or `s3://bucket/prefix/NAME.des`, as the user wrote it, without slashes at its end.
struct RemoteAddress: Sendable, Hashable {
    let text: String
    /// Whether it may be that of one shard: that is for the store to say.
    let mayBeShard: Bool

    /// - Throws: `PlaceError` when it names no bucket.
    init(_ place: String) throws {
        let slash = UInt8(ascii: "/")
        var rest = place.utf8.dropFirst(URLScheme.s3.utf8.count)
        let isFolder = rest.last == slash
        while rest.last == slash { rest.removeLast() }
        guard place.hasBytePrefix(URLScheme.s3), let first = rest.first, first != slash else {
            throw PlaceError(message: "cannot read \(place): expected s3://bucket or s3://bucket/prefix")
        }
        text = URLScheme.s3 + Substring(rest)
        mayBeShard = !isFolder && text.hasByteSuffix(".des") && rest.contains(slash)
    }

    /// What the names of the shards begin with, if the last part of the address may say so.
    var namePrefix: ShardNamePrefix? {
        text.utf8.dropFirst(URLScheme.s3.utf8.count).contains(UInt8(ascii: "/"))
            ? ShardNamePrefix(folderAndName.name) : nil
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
