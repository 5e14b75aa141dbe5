import DESHTTPFront
import NIOCore
import NIOHTTP1
import Synchronization

/// Answers `GET` and `HEAD` of the endpoints of operations, and of nothing else.
final class OperationsService: RequestAnswering {
    private let operations: Operations
    private let dates = DateCache()
    private let isDraining = Atomic<Bool>(false)

    init(_ operations: Operations) { self.operations = operations }

    /// Nobody else is to be kept out here.
    func isExempt(_ head: HTTPRequestHead) -> Bool { true }

    func wantsBody(_ head: HTTPRequestHead) -> Bool { false }

    func drain() { isDraining.store(true, ordering: .relaxed) }

    nonisolated(nonsending) func answer(
        _ received: ReceivedRequest, to connection: Connection, from remoteAddress: SocketAddress?
    ) async throws -> Bool {
        let page: OperationsPage
        var writer: AnswerWriter
        var allowed: StaticString = ""
        switch received {
        case .complete(let head, _, let isLast, _):
            let request = Request(head)
            writer = AnswerWriter(connection, to: head, keepsOpen: !isLast && !isDraining.load(ordering: .relaxed))
            if !request.isForReading {
                page = Self.problem(.methodNotAllowed, "this port is for GET and HEAD")
                allowed = "Allow: GET, HEAD\r\n"
            } else if case .operations(let endpoint) = request.target.resource {
                page = await operations.page(endpoint)
            } else {
                page = Self.problem(.notFound, "there is nothing at this path; try /metrics or /health")
            }
        case .rejected(let status, let detail, let head):
            page = Self.problem(status, detail)
            writer = AnswerWriter(connection, to: head, keepsOpen: false)
        }
        var head = page.head(ResponseHead(page.status, dateLine: dates.line, bodySize: page.body.utf8.count))
        head.add(lines: allowed)
        try await writer.write(head, body: page.body.utf8)
        return writer.keepsOpen
    }

    private static func problem(_ status: HTTPStatus, _ detail: String) -> OperationsPage {
        OperationsPage(status, contentType: "application/json", body: FileProblem(status, detail).json)
    }
}
