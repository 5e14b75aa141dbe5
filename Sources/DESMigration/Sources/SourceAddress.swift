import DESBase

/// What a row's location names, told by its bytes alone. Nothing is looked up.
///
/// | location | is |
/// |---|---|
/// | `/data/a` | a path |
/// | `in/a`, `a:b`, `./https:a` | a path that is relative to a folder |
/// | `file:///data/a`, `FILE://localhost/data/a` | that path, percent escapes decoded (RFC 8089) |
/// | `s3://bucket/key` | an object |
/// | `https://…`, `gs://…`, `data:…`, `C:\data\a`, `file://elsewhere/a`, `file:/data/a` | nothing that DES reads |
///
/// A colon makes no URI of a file name: a scheme counts if `//` or another URI follows, or if it is one of ``schemes``.
package enum SourceAddress: Sendable {
    /// An absolute path of the local file system.
    case absolutePath(String)
    /// A path that a folder has to be put before.
    case relativePath(String)
    /// An object in S3, `s3://…`; whether it is well-formed is for ``S3SourceLocation`` to say.
    case object(String)
    /// Nothing that can be read, and why.
    case unreadable(SourceError)

    /// Schemes that are one even without `//` behind them.
    private static let schemes: Set<ByteString> = [
        "abfs", "abfss", "adl", "az", "azure", "b2", "blob", "cid", "cos", "data", "dav", "davs", "ftp", "ftps", "gcs",
        "gs",
        "hdfs", "http", "https", "ipfs", "mailto", "mid", "minio", "nfs", "oci", "oss", "rclone", "s3", "s3a", "s3n",
        "sftp",
        "smb", "ssh", "swift", "tag", "urn", "wasb", "wasbs", "webhdfs",
    ]

    /// - Parameter text: the location as the row has it.
    package init(_ text: String) {
        guard !text.utf8.contains(0) else {
            self = .unreadable(SourceError(.invalidRow, "the location holds a NUL byte and cannot be a path"))
            return
        }
        guard text.utf8.first != UInt8(ascii: "/") else {
            self = .absolutePath(text)
            return
        }
        if S3SourceLocation.isOne(text) {
            self = .object(text)
            return
        }
        // Before a URL blanks are a slip of whoever wrote the row; before a path they are part of its name.
        let start = text.utf8.drop { $0 <= 0x20 }
        guard let scheme = URLScheme(beginning: Substring(start)) else {
            self = start.starts(with: #"\\"#.utf8) ? Self.windows(text) : .relativePath(text)
            return
        }
        if scheme.isDrive {
            self = Self.windows(text)
        } else if scheme.isFile {
            self = start.count == text.utf8.count ? Self.file(scheme, text) : Self.foreign(scheme, text)
        } else if scheme.isFollowedBySlashes || Self.schemes.contains(ByteString(scheme.name))
            || Self.isURL(scheme.rest)
        {
            self = Self.foreign(scheme, text)
        } else {
            self = .relativePath(text)
        }
    }

    /// The path that it names.
    ///
    /// - Parameter base: the folder that relative locations are meant from, without a slash at its end unless it is `/`; nil:
    ///   the working directory.
    /// - Throws: `SourceError` for what is no path.
    package func path(base: String?) throws(SourceError) -> String {
        switch self {
        case .absolutePath(let path): return path
        case .relativePath(let path):
            guard let base else { return path }
            return base.hasByteSuffix("/") ? base + path : "\(base)/\(path)"
        case .object(let location):
            throw SourceError(.unsupportedLocation, "cannot read \(location): this build reads local paths only")
        case .unreadable(let error): throw error
        }
    }

    /// Whether it means another file in another folder.
    package var isRelative: Bool { if case .relativePath = self { true } else { false } }

    /// Whether a whole URL stands where a scheme's own part should: `jar:file:/a!/b`, `url:https://a`.
    private static func isURL(_ text: Substring) -> Bool {
        guard let scheme = URLScheme(beginning: text) else { return false }
        return scheme.isFollowedBySlashes || scheme.isFile || schemes.contains(ByteString(scheme.name))
    }

    private static func foreign(_ scheme: URLScheme, _ text: String) -> SourceAddress {
        .unreadable(
            SourceError(
                .unsupportedLocation,
                "cannot read \(text.shortened): DES reads local paths, file: and s3://bucket/key, not \(scheme.name):"))
    }

    private static func windows(_ text: String) -> SourceAddress {
        .unreadable(SourceError(.unsupportedLocation, "cannot read \(text.shortened): it is a path of Windows"))
    }

    /// RFC 8089, section 2: `file://`, nothing or `localhost`, and a path that begins with `/`. The form without an authority,
    /// `file:/data/a`, is refused: where it stands, paths below `file:` and such without a first slash are not far. Query and
    /// fragment are no parts of such a URI, so `?` and `#` are those of a file name that somebody forgot to escape.
    private static func file(_ scheme: URLScheme, _ text: String) -> SourceAddress {
        func refused(_ reason: FailureReason, _ why: String) -> SourceAddress {
            .unreadable(SourceError(reason, "cannot read \(text.shortened): \(why)"))
        }
        var path = scheme.rest.utf8[...]
        let authority = path.dropFirst(2).prefix { $0 != UInt8(ascii: "/") }
        guard scheme.isFollowedBySlashes, authority.endIndex < path.endIndex else {
            return refused(.unsupportedLocation, "a URL of a file is written file:///data/a")
        }
        let host = Substring(authority)
        guard host.isEmpty || host.lowercased().isByteEqual(to: "localhost") else {
            return refused(.unsupportedLocation, "the URL names a file of another machine, \(String(host).shortened)")
        }
        path = path[authority.endIndex...]
        guard let bytes = PercentCoding.bytes(path), !bytes.contains(0) else {
            return refused(.invalidRow, "it is a URL with a malformed %-escape")
        }
        // Made valid it would be the name of another file.
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            return refused(.unsupportedLocation, "its path is no UTF-8, and DES reads no such file; rename the file")
        }
        return .absolutePath(decoded)
    }
}

extension String {
    /// For a message: a `data:` URL can hold megabytes.
    fileprivate var shortened: String { utf8.count <= 1000 ? self : "\(prefix(200))… (\(utf8.count) bytes)" }
}
