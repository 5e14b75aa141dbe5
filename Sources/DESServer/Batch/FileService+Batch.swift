import DESHTTPFront
import DESRetrieval
import NIOCore
import NIOHTTP1

extension FileService {
    /// `POST /files/batch`. Each member is counted with the status of its part; if the answer is cut, those that were not
    /// sent count as aborted.
    func answerBatch(_ exchange: inout Exchange) async throws {
        try admit(uid: nil, &exchange)
        let requests = try await batchBodies.request(exchange.request.body ?? ByteBuffer()).files
        let keyID = exchange.keyID
        let format = MultipartFormat.wanted(exchange.request.head.headers)
        var answer = BatchAnswer(format: format, metrics: metrics, count: requests.count)
        defer { answer.countMissing() }

        var allowed: [BatchMember] = []
        for (index, request) in requests.enumerated() {
            let member = BatchMember(index: index, request: request)
            if gate.mayRead(uid: request.uid, keyID: keyID) {
                allowed.append(member)
            } else {
                let problem = FileProblem(.forbidden, "this key may not read this uid")
                try await answer.refuse(member, problem, &exchange)
            }
        }
        try await retriever.files(allowed.map(\.request)) { position, outcome in
            guard allowed.indices.contains(position) else { throw IncompleteAnswer() }
            let member = allowed[position]
            switch outcome {
            case .contents(let file, let bytes): try await answer.send(member, file, bytes, &exchange)
            case .large(let file):
                do {
                    try await retriever.forEachPiece(of: file, range: nil) { piece in
                        try await answer.send(member, file, piece: piece, &exchange)
                    }
                    try await answer.endPieces(member, file, &exchange)
                } catch let error as RetrievalError where !answer.isInPieces {
                    try await answer.refuse(member, problem(error), &exchange)
                }
            case .unknown: try await answer.refuse(member, .unknown, &exchange)
            case .failed(let error): try await answer.refuse(member, problem(error), &exchange)
            }
        }
        try await answer.finish(&exchange)
    }
}
