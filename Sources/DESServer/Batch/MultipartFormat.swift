import DESBase
import DESHTTPFront
import DESRetrieval

/// `multipart/mixed` (RFC 2046, section 5.1): one part a file, in no certain order.
///
/// Each part has `DES-Index` (its place in the request), `DES-Uid` (percent-encoded), `DES-Created-At`, `DES-Status` and
/// `Content-Length`; a file that is not sent has a part with its status and `{"detail": "…"}`.
struct MultipartFormat: BatchFormat {
    /// Random, so that no file holds it.
    private let boundary: String

    /// - Parameter boundary: nil for a random one.
    init(boundary: String? = nil) {
        self.boundary =
            boundary ?? "des-" + (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 16) }.joined()
    }

    var contentType: String { "multipart/mixed; boundary=\(boundary)" }

    func begin(_ member: BatchMember, _ file: StoredFile) -> [UInt8] {
        let type = MediaType.stored(in: file.meta) ?? "application/octet-stream"
        return head(member, .ok, type: type, size: file.size, more: "ETag: \"\(file.entityTag)\"\r\n")
    }

    func end(_ file: StoredFile) -> [UInt8] { Array("\r\n".utf8) }

    func refuse(_ member: BatchMember, _ problem: FileProblem) -> [UInt8] {
        let body = problem.json
        return head(member, problem.status, type: "application/json", size: UInt64(body.utf8.count), more: "")
            + Array(body.utf8) + Array("\r\n".utf8)
    }

    func finish() -> [UInt8] { Array("--\(boundary)--\r\n".utf8) }

    private func head(
        _ member: BatchMember, _ status: HTTPStatus, type: String, size: UInt64, more: String
    ) -> [UInt8] {
        let lines = """
            --\(boundary)\r
            Content-Type: \(type)\r
            Content-Length: \(size)\r
            DES-Index: \(member.index)\r
            DES-Uid: \(PercentCoding.encode(member.request.uid))\r
            DES-Created-At: \(member.request.createdAt)\r
            DES-Status: \(status.rawValue)\r\n
            """
        return Array((lines + more + "\r\n").utf8)
    }
}
