/// What a request line asks for.
struct RequestTarget: Equatable {
    /// The things there are.
    enum Resource: Equatable {
        /// `/files/{uid}`; the uid is still encoded.
        case file(encodedUID: Substring)
        /// `/meta/{uid}`, or `/files/{uid}/meta`, which a proxy also makes of the file `{uid}%2Fmeta` if it decodes that.
        case meta(encodedUID: Substring, isBelowFile: Bool)
        /// What both ports have.
        case operations(OperationsEndpoint)
        case openAPI
        /// Nothing that we know.
        case unknown
    }

    /// What is asked for.
    let resource: Resource
    /// As sent, without the query.
    let path: Substring
    /// What stands behind the `?`; nil if there is none.
    let query: Substring?

    /// Takes a request line's target apart: `/path?query` or, as proxies send it, `http://host/path?query`.
    init(_ target: String) {
        var target = target
        let ends = target.withUTF8 { Self.ends($0) }
        let bytes = target.utf8
        func index(_ offset: Int) -> String.Index { bytes.index(bytes.startIndex, offsetBy: offset) }
        let pathStart = index(ends.pathStart)
        let pathEnd = index(ends.pathEnd)
        path = ends.pathStart == ends.pathEnd ? "/" : target[pathStart..<pathEnd]
        query = ends.pathEnd < bytes.count ? target[bytes.index(after: pathEnd)...] : nil
        switch ends.uid {
        case .none: resource = Self.fixedResource(path)
        case .file: resource = .file(encodedUID: target[index(ends.pathStart + Self.files.count)..<pathEnd])
        case .metaBelowFile:
            let uidEnd = index(ends.pathEnd - Self.meta.count)
            let uid = target[index(ends.pathStart + Self.files.count)..<uidEnd]
            resource = .meta(encodedUID: uid, isBelowFile: true)
        case .meta:
            let uid = target[index(ends.pathStart + Self.metas.count)..<pathEnd]
            resource = .meta(encodedUID: uid, isBelowFile: false)
        }
    }

    private enum UIDKind { case none, file, meta, metaBelowFile }

    private static let files = Array("/files/".utf8)
    private static let metas = Array("/meta/".utf8)
    private static let meta = Array("/meta".utf8)
    private static let slash = UInt8(ascii: "/")

    /// By hand over bytes: this is done for each request.
    private static func ends(
        _ target: UnsafeBufferPointer<UInt8>
    ) -> (pathStart: Int, pathEnd: Int, uid: UIDKind) {
        let start = target.first == slash ? 0 : authorityEnd(target)
        let end = target[start...].firstIndex(of: UInt8(ascii: "?")) ?? target.count
        let path = target[start..<end]
        guard path.count > files.count, path.starts(with: files) else {
            let isMeta =
                path.count > metas.count && path.starts(with: metas) && !path.dropFirst(metas.count).contains(slash)
            return (start, end, isMeta ? .meta : .none)
        }
        let uid = path.dropFirst(files.count)
        guard let next = uid.firstIndex(of: slash) else { return (start, end, .file) }
        return (start, end, next > uid.startIndex && uid[next...].elementsEqual(meta) ? .metaBelowFile : .none)
    }

    /// Where the path begins behind `http://host`; 0 if there is no such thing.
    private static func authorityEnd(_ target: UnsafeBufferPointer<UInt8>) -> Int {
        for scheme in ["http://", "https://"] {
            let prefix = target.prefix(scheme.utf8.count)
            guard prefix.count == scheme.utf8.count, zip(prefix, scheme.utf8).allSatisfy({ $0 | 0x20 == $1 | 0x20 })
            else { continue }
            let rest = target[prefix.endIndex...]
            return rest.firstIndex { $0 == slash || $0 == UInt8(ascii: "?") } ?? target.count
        }
        return 0
    }

    private static func fixedResource(_ path: Substring) -> Resource {
        if let endpoint = OperationsEndpoint(rawValue: String(path)) { return .operations(endpoint) }
        return path == "/openapi.json" ? .openAPI : .unknown
    }
}
