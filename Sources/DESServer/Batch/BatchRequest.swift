import DESBase
import DESHTTPFront
import DESRetrieval
import Foundation
import NIOCore

/// What `POST /files/batch` asks for: `{"files": [{"uid", "created_at"}…]}`; other members are ignored.
struct BatchRequest: Equatable {
    /// The most files that one request may name.
    static let maximumCount = 10_000

    /// The most values, and names of values, in the JSON of a request: a file has two, and there is room for what is ignored.
    private static let maximumValues = 20 * maximumCount

    /// In the order of the request.
    let files: [FileRequest]

    /// Reads a body.
    ///
    /// - Throws: `FileProblem`: 400 for what is not JSON, 413 for too many files, 422 for JSON of another shape.
    init(_ body: ByteBuffer) throws(FileProblem) {
        guard !JSONSize.isTooLarge(body.readableBytesView, maximumCount: Self.maximumValues) else {
            throw FileProblem(
                .contentTooLarge, "the body has too many values: at most \(Self.maximumCount) files at once")
        }
        let wire: Wire
        do {
            wire = try JSONDecoder().decode(Wire.self, from: Data(body.readableBytesView))
        } catch DecodingError.dataCorrupted {
            throw FileProblem(.badRequest, "the body is not JSON")
        } catch DecodingError.keyNotFound(let key, let context) {
            let place = Self.place(context.codingPath + [key])
            throw FileProblem(.unprocessableContent, "\(place) is missing")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            throw FileProblem(
                .unprocessableContent,
                "\(Self.place(context.codingPath)) is not what was expected: {\"files\": [{\"uid\", \"created_at\"}]}")
        } catch {
            throw FileProblem(.badRequest, "the body is not JSON")
        }
        guard wire.files.count <= Self.maximumCount else {
            throw FileProblem(
                .contentTooLarge, "\(wire.files.count) files are too many: at most \(Self.maximumCount) at once")
        }
        var files: [FileRequest] = []
        files.reserveCapacity(wire.files.count)
        for (index, file) in wire.files.enumerated() {
            guard file.uid.utf8.count <= FileQuery.maximumUIDLength else {
                throw FileProblem(
                    .unprocessableContent, "files[\(index)].uid is longer than \(FileQuery.maximumUIDLength) bytes")
            }
            guard let time = Timestamp(parsing: file.created_at) else {
                throw FileProblem(
                    .unprocessableContent,
                    "files[\(index)].created_at is not a time: expected RFC 3339, such as 2024-01-02T03:04:05Z")
            }
            files.append(FileRequest(uid: file.uid, createdAt: time))
        }
        self.files = files
    }

    private struct Wire: Decodable {
        struct File: Decodable {
            let uid: String
            // swift-format-ignore: AlwaysUseLowerCamelCase
            let created_at: String
        }
        let files: [File]
    }

    private static func place(_ path: [any CodingKey]) -> String {
        let text = path.reduce("") { text, key in
            if let index = key.intValue { return text + "[\(index)]" }
            return text.isEmpty ? key.stringValue : text + "." + key.stringValue
        }
        return text.isEmpty ? "the body" : text
    }
}
