import Synchronization

@testable import DESS3

/// Answers requests from a script and remembers them.
final class FakeExchange: HTTPExchange {
    private let answer: @Sendable (HTTPRequest) throws -> HTTPResponse
    private let seen = Mutex<[HTTPRequest]>([])

    init(_ answer: @escaping @Sendable (HTTPRequest) throws -> HTTPResponse) { self.answer = answer }

    var requests: [HTTPRequest] { seen.withLock { $0 } }

    func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        seen.withLock { $0.append(request) }
        return try answer(request)
    }
}

extension HTTPRequest {
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    var text: String {
        if case .bytes(let bytes) = body { return String(decoding: bytes, as: UTF8.self) }
        return ""
    }
}

extension HTTPResponse {
    init(_ status: Int, _ body: String = "", headers: [(String, String)] = []) {
        self.init(status: status, headers: headers, body: Array(body.utf8))
    }
}
