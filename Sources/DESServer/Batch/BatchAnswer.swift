import DESHTTPFront
import DESRetrieval

/// Writes the answer to a batch as its files come.
struct BatchAnswer {
    /// Small files are collected to pieces of this size.
    private static let pieceSize = AnswerWriter.pieceSize

    private var format: any BatchFormat
    private let metrics: RequestMetrics
    private var missing: Int
    private var collected: [UInt8] = []
    private var isBegun = false
    private var rest: UInt64?

    init(format: any BatchFormat, metrics: RequestMetrics, count: Int) {
        self.format = format
        self.metrics = metrics
        missing = count
    }

    /// Whether a file was begun and not finished: nothing can be told but by closing the connection.
    var isInPieces: Bool { rest != nil }

    /// Sends a file that is in memory.
    mutating func send(
        _ member: BatchMember, _ file: StoredFile, _ bytes: [UInt8], _ exchange: inout Exchange
    ) async throws {
        guard UInt64(bytes.count) == file.size else { throw IncompleteAnswer() }
        collected += format.begin(member, file)
        if bytes.count <= Self.pieceSize {
            collected += bytes
        } else {
            // Its memory is counted once.
            try await sendCollected(&exchange, atLeast: 1)
            try await exchange.send(piece: bytes)
        }
        collected += format.end(file)
        count(.ok)
        try await sendCollected(&exchange, atLeast: Self.pieceSize)
    }

    /// Sends a piece of a file; the first one with what stands before it.
    mutating func send(
        _ member: BatchMember, _ file: StoredFile, piece: [UInt8], _ exchange: inout Exchange
    ) async throws {
        if rest == nil {
            collected += format.begin(member, file)
            rest = file.size
        }
        guard let rest, UInt64(piece.count) <= rest else { throw IncompleteAnswer() }
        self.rest = rest - UInt64(piece.count)
        try await sendCollected(&exchange, atLeast: 1)
        try await exchange.send(piece: piece)
    }

    /// Ends a file that was sent in pieces.
    mutating func endPieces(_ member: BatchMember, _ file: StoredFile, _ exchange: inout Exchange) async throws {
        if rest == nil {
            collected += format.begin(member, file)
            rest = file.size
        }
        guard rest == 0 else { throw IncompleteAnswer() }
        rest = nil
        collected += format.end(file)
        count(.ok)
        try await sendCollected(&exchange, atLeast: Self.pieceSize)
    }

    /// Tells of a file that is not sent.
    mutating func refuse(
        _ member: BatchMember, _ problem: FileProblem, _ exchange: inout Exchange
    ) async throws {
        collected += format.refuse(member, problem)
        count(problem.status)
        try await sendCollected(&exchange, atLeast: Self.pieceSize)
    }

    /// Ends the answer.
    ///
    /// - Throws: when a file is missing: the client must see that the answer is not whole.
    mutating func finish(_ exchange: inout Exchange) async throws {
        guard missing == 0 else { throw IncompleteAnswer() }
        collected += format.finish()
        try await sendCollected(&exchange, atLeast: 0)
        try await exchange.finish()
    }

    /// Counts what was not sent.
    func countMissing() {
        for _ in 0..<missing { metrics.retrieval(.aborted) }
    }

    private mutating func count(_ status: HTTPStatus) {
        missing -= 1
        metrics.retrieval(.answered(status))
    }

    private mutating func sendCollected(_ exchange: inout Exchange, atLeast minimum: Int) async throws {
        guard collected.count >= minimum else { return }
        if !isBegun {
            isBegun = true
            var head = exchange.head(.ok)
            head.add("Content-Type", format.contentType)
            head.add(lines: "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n")
            try await exchange.begin(head, length: nil)
        }
        guard !collected.isEmpty else { return }
        let piece = collected
        collected.removeAll(keepingCapacity: true)
        try await exchange.send(piece: piece)
    }
}
