import DESBase
import DESRetrieval
@testable import DESShard
import Synchronization

/// Files in memory, and stores that fail, hang or give rotten bytes.
final class FakeRetriever: FileRetrieving {
    enum Trouble: Sendable {
        case fails(RetrievalError.Code)
        /// After so many pieces of a large file.
        case failsAfterPieces(Int)
    }

    struct Content: Sendable {
        var file: StoredFile
        var bytes: [UInt8]
        var trouble: Trouble?
    }

    struct State: Sendable {
        var files: [FileRequest: Content] = [:]
        var storeTrouble: RetrievalError.Code?
        var batchTrouble: RetrievalError.Code?
        /// Whether files that are no trouble are known without waiting.
        var isWarm = false
        var quickAnswers = 0
        var isCrowded = false
        var finds = 0
        var payloadReads = 0
        var storeChecks = 0
        /// Who asks waits until this is empty again.
        var isHeld = false
        var held: [CheckedContinuation<Void, Never>] = []
        /// Of those that waited.
        var cancelled = 0
    }

    static let time = Timestamp(parsing: "2024-01-02T03:04:05.678Z") ?? .earliest
    static let pieceSize = 1 << 20

    let state = Mutex(State())

    /// Adds a file.
    @discardableResult
    func add(
        _ uid: String, _ bytes: [UInt8], moreMeta: String = "", isBig: Bool = false, createdAt: Timestamp = time,
        trouble: Trouble? = nil
    ) -> StoredFile {
        let meta = #"{"created_at":"\#(createdAt.rfc3339)","crc32":"00000000"\#(moreMeta)}"#
        let parsed = Array(meta.utf8).withUnsafeBytes { try? EntryMeta(parsing: $0) }
        let content: ShardEntry.Content =
            isBig
            ? .bigFile(sha256: String(repeating: "ab", count: 32), size: UInt64(bytes.count))
            : .inline(
                offset: UInt64(uid.utf8.count), storedSize: UInt64(bytes.count), codec: .none,
                size: UInt64(bytes.count))
        guard let parsed else { preconditionFailure("the meta of the test is not JSON: \(meta)") }
        let file = StoredFile(
            entry: ShardEntry(uid: uid, content: content, meta: parsed), shard: "20240102/4a_0.des", place: nil)
        state.withLock {
            $0.files[FileRequest(uid: uid, createdAt: createdAt)] = Content(
                file: file, bytes: bytes, trouble: trouble)
        }
        return file
    }

    func hold() { state.withLock { $0.isHeld = true } }

    func release() {
        let held = state.withLock { state in
            state.isHeld = false
            defer { state.held = [] }
            return state.held
        }
        for continuation in held { continuation.resume() }
    }

    private func pass() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isFree = state.withLock { state in
                    if state.isHeld { state.held.append(continuation) }
                    return !state.isHeld
                }
                if isFree { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.cancelled += 1 }
        }
    }

    func find(_ request: FileRequest) async throws(RetrievalError) -> StoredFile? {
        await pass()
        let (content, trouble) = state.withLock { state in
            state.finds += 1
            return (state.files[request], state.storeTrouble)
        }
        if let trouble { throw RetrievalError(trouble, uid: request.uid, "secret place: injected") }
        return content?.file
    }

    func cachedFile(_ request: FileRequest) -> StoredFile? {
        state.withLock { state in
            guard state.isWarm, let content = state.files[request], content.trouble == nil else { return nil }
            return content.file
        }
    }

    func readCached(_ file: StoredFile, into output: UnsafeMutableRawBufferPointer) -> Bool {
        let content = state.withLock { state in
            state.quickAnswers += 1
            return state.files.values.first { $0.file.uid == file.uid && $0.file.createdAt == file.createdAt }
        }
        guard let bytes = content?.bytes, bytes.count == output.count else { return false }
        output.copyBytes(from: bytes)
        return true
    }

    private func content(_ file: StoredFile) throws(RetrievalError) -> Content {
        let content = state.withLock { state in
            state.payloadReads += 1
            return state.files.values.first { $0.file.uid == file.uid && $0.file.createdAt == file.createdAt }
        }
        guard let content else { throw RetrievalError(.damaged, "gone") }
        if case .fails(let code) = content.trouble {
            throw RetrievalError(code, uid: file.uid, "secret place: injected")
        }
        return content
    }

    func withContents(of file: StoredFile, _ deliver: (_ bytes: [UInt8]) async throws -> Void) async throws {
        try await deliver(try content(file).bytes)
    }

    var isCrowded: Bool { state.withLock { $0.isCrowded } }

    func forEachPiece(
        of file: StoredFile, range: Range<UInt64>?, _ deliver: (_ piece: [UInt8]) async throws -> Void
    ) async throws {
        let content = try content(file)
        let bytes = range.map { content.bytes[Int($0.lowerBound)..<Int($0.upperBound)] } ?? content.bytes[...]
        var start = bytes.startIndex
        var pieces = 0
        while start < bytes.endIndex {
            if case .failsAfterPieces(pieces) = content.trouble { throw RetrievalError(.unavailable, "injected") }
            let end = min(start + Self.pieceSize, bytes.endIndex)
            try await deliver(Array(bytes[start..<end]))
            start = end
            pieces += 1
        }
    }

    func files(
        _ requests: [FileRequest], _ deliver: (_ position: Int, _ outcome: FileOutcome) async throws -> Void
    ) async throws {
        if let trouble = state.withLock({ $0.batchTrouble }) { throw RetrievalError(trouble, "secret place: injected") }
        // From the back, for no order is promised.
        for (position, request) in requests.enumerated().reversed() {
            let outcome: FileOutcome
            do throws(RetrievalError) {
                if let file = try await find(request) {
                    outcome = file.isBigFile ? .large(file) : .contents(file, try content(file).bytes)
                } else {
                    outcome = .unknown
                }
            } catch {
                outcome = .failed(error)
            }
            try await deliver(position, outcome)
        }
    }

    func checkStore() async throws(RetrievalError) {
        await pass()
        let trouble = state.withLock { state in
            state.storeChecks += 1
            return state.storeTrouble
        }
        if let trouble { throw RetrievalError(trouble, "secret place: injected") }
    }
}
