import DESHTTPFront
import DESRetrieval
import NIOHTTP1

extension FileService {
    /// Files up to this size are read whole before the answer begins; of larger ones no more than a piece waits for the client.
    private static let wholeFileLimit: UInt64 = 1 << 20

    /// `GET` and `HEAD /files/{uid}`.
    nonisolated(nonsending) func answerFile(
        _ encodedUID: Substring, _ exchange: inout Exchange
    ) async throws {
        let start = ContinuousClock.now
        defer { metrics.retrievalTime(start.duration(to: .now)) }
        let (file, _) = try await find(encodedUID, &exchange)
        let isHead = exchange.writer.isHead
        let outcome = Preconditions(exchange.request.head.headers).outcome(
            entityTag: file.entityTag, size: file.size, isHead: isHead)
        switch outcome {
        case .notModified:
            try await exchange.send(fileHead(.notModified, file, &exchange), lengthOfAbsentBody: 0)
        case .failed:
            throw FileProblem(.preconditionFailed, "the file is there, but it is not the one of If-Match")
        case .unsatisfiable:
            try await exchange.send(
                FileProblem(
                    .rangeNotSatisfiable, "the range is malformed, or not inside the file's \(file.size) bytes"),
                more: "Accept-Ranges: bytes\r\nContent-Range: bytes */\(file.size)\r\n")
        case .whole where isHead:
            try await exchange.send(fileHead(.ok, file, &exchange), lengthOfAbsentBody: file.size)
        case .whole:
            try await send(file, nil, &exchange)
        case .part(let range):
            try await send(file, range, &exchange)
        }
    }

    /// `GET` and `HEAD /meta/{uid}`, and as it was before `/files/{uid}/meta`: what the index says; the payload is not read.
    ///
    /// A proxy that decodes `%2F` makes the second form of a request for the file `{uid}/meta`. So if there is such a file, nobody knows which of
    /// the two is meant.
    ///
    /// - Parameter isBelowFile: whether it is the second form.
    nonisolated(nonsending) func answerMeta(
        _ encodedUID: Substring, isBelowFile: Bool, _ exchange: inout Exchange
    ) async throws {
        let (file, request) = try await find(encodedUID, &exchange)
        if isBelowFile,
            try await retriever.find(FileRequest(uid: file.uid + "/meta", createdAt: request.createdAt)) != nil
        {
            throw FileProblem(
                .badRequest,
                "there is also a file whose uid ends in /meta: ask for it as …%2Fmeta, past proxies that decode it, and for what is known of this one at /meta/{uid}"
            )
        }
        let body = MetaBody.json(file)
        var head = exchange.head(.ok, bodySize: body.utf8.count)
        head.add(lines: "Content-Type: application/json\r\nCache-Control: private\r\n")
        try await exchange.send(head, body: body.utf8)
    }

    nonisolated(nonsending) private func find(
        _ encodedUID: Substring, _ exchange: inout Exchange
    ) async throws -> (file: StoredFile, request: FileRequest) {
        let uid = try FileQuery.uid(encodedUID)
        // Who may not come in learns nothing, not even that the time was wrong.
        try admit(uid: uid, &exchange)
        let request = FileRequest(uid: uid, createdAt: try FileQuery.createdAt(exchange.request.target.query))
        guard let file = try await retriever.find(request) else { throw FileProblem.unknown }
        return (file, request)
    }

    nonisolated(nonsending) private func send(
        _ file: StoredFile, _ range: Range<UInt64>?, _ exchange: inout Exchange
    ) async throws {
        guard file.isBigFile || file.size > Self.wholeFileLimit else {
            return try await sendWhole(file, range, &exchange)
        }
        var rest = range.map { $0.upperBound - $0.lowerBound } ?? file.size
        var isBegun = false
        try await retriever.forEachPiece(of: file, range: range) { piece in
            // The head waits for the first piece: until then a failure is a status.
            if !isBegun {
                let head =
                    range.map { partHead(file, $0, &exchange) }
                    ?? fileHead(.ok, file, &exchange)
                try await exchange.begin(head, length: rest)
                isBegun = true
            }
            guard UInt64(piece.count) <= rest else { throw IncompleteAnswer() }
            rest -= UInt64(piece.count)
            try await exchange.send(piece: piece, isLast: rest == 0)
        }
        if !isBegun {
            // An empty big file has no pieces.
            try await exchange.begin(fileHead(.ok, file, &exchange), length: rest)
        }
        guard rest == 0 else { throw IncompleteAnswer() }
        try await exchange.finish()
    }

    /// Sends a file, or a part of it, that is read whole before the answer begins: a failure is still told in its status. If its shard was
    /// replaced since it was listed, it is the same file where it is now.
    nonisolated(nonsending) private func sendWhole(
        _ file: StoredFile, _ range: Range<UInt64>?, _ exchange: inout Exchange
    ) async throws {
        do {
            try await sendContents(of: file, range, &exchange)
        } catch let error as RetrievalError where error.isOutdated && exchange.writer.status == nil {
            guard let time = file.createdAtTime,
                let again = try await retriever.find(FileRequest(uid: file.uid, createdAt: time)),
                again.size == file.size
            else { throw error }
            try await sendContents(of: again, range, &exchange)
        }
    }

    nonisolated(nonsending) private func sendContents(
        of file: StoredFile, _ range: Range<UInt64>?, _ exchange: inout Exchange
    ) async throws {
        try await retriever.withContents(of: file) { bytes in
            guard UInt64(bytes.count) == file.size else {
                throw FileProblem(.internalServerError, "the file has not the size that its shard tells")
            }
            if let range {
                let part = bytes[Int(range.lowerBound)..<Int(range.upperBound)]
                try await exchange.send(partHead(file, range, &exchange), body: part)
            } else {
                try await exchange.send(fileHead(.ok, file, &exchange, bodySize: bytes.count), body: bytes)
            }
        }
    }

    private func partHead(
        _ file: StoredFile, _ range: Range<UInt64>, _ exchange: inout Exchange
    ) -> ResponseHead {
        var head = fileHead(.partialContent, file, &exchange, bodySize: min(range.count, 1 << 20))
        head.add("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)")
        return head
    }

    /// The headers that say what the file is. Other bytes may be packed for the same uid and time, and then the newer shard counts: whoever
    /// keeps an answer has to ask whether it still is the one (RFC 9111, section 5.2.2.4), which costs no payload. It is not for caches that
    /// several people share, which do not know the keys.
    private func fileHead(
        _ status: HTTPStatus, _ file: StoredFile, _ exchange: inout Exchange,
        bodySize: Int = 0
    ) -> ResponseHead {
        var head = exchange.head(status, bodySize: bodySize)
        Self.addHeaders(of: file, to: &head)
        return head
    }

    static func addHeaders(of file: StoredFile, to head: inout ResponseHead) {
        if let type = file.hasMembersOfUser ? MediaType.stored(in: file.meta) : nil {
            head.add("Content-Type", type)
            head.add(lines: documentPolicy)
        } else if let type = MediaType.ofMedia(named: file.uid) {
            head.add(lines: type)
            head.add(lines: documentPolicy)
        } else {
            head.add(lines: "Content-Type: application/octet-stream\r\n")
        }
        head.add(
            lines: """
                X-Content-Type-Options: nosniff\r
                Accept-Ranges: bytes\r
                Cache-Control: private, no-cache\r\n
                """)
        head.add(entityTag: file.entityTag)
    }

    /// Somebody's file must not become a page of this service with its scripts. What a browser makes of a film, a sound or a picture that is
    /// opened by its link is a page as well, which shows it from here; and a drawing has styles, and pictures and fonts inside.
    private static let documentPolicy: StaticString = """
        Content-Security-Policy: sandbox; default-src 'none'; img-src 'self' data:; media-src 'self' data:; \
        style-src 'unsafe-inline'; font-src data:\r\n
        """
}
