/// Finds files and reads them; what the service is built on.
package protocol FileRetrieving: Sendable {
    /// What the index says of a file; nil if there is none with that uid on that day.
    func find(_ request: FileRequest) async throws(RetrievalError) -> StoredFile?

    /// What the index says of a file, if that is known without asking the store and without waiting; nil if it is not.
    func cachedFile(_ request: FileRequest) -> StoredFile?

    /// Puts all bytes of a file that is small where they are wanted, checked, if they can be had without waiting.
    ///
    /// - Parameter output: as large as the file.
    /// - Returns: whether they are there; false also if they are damaged.
    func readCached(_ file: StoredFile, into output: UnsafeMutableRawBufferPointer) -> Bool

    /// Gives all bytes of a file that is not large, checked. They count as held until `deliver` returns.
    ///
    /// - Throws: `RetrievalError`, or what `deliver` throws.
    func withContents(of file: StoredFile, _ deliver: (_ bytes: [UInt8]) async throws -> Void) async throws

    /// Whether requests wait for memory that others hold.
    var isCrowded: Bool { get }

    /// The bytes of a file, or a range of them, in order, in pieces of at most 1 MiB; the next piece is read when `deliver`
    /// returns. Each is proved to be right before it is delivered.
    ///
    /// - Parameter range: inside the file; nil: all of it.
    /// - Throws: `RetrievalError`, or what `deliver` throws.
    func forEachPiece(
        of file: StoredFile, range: Range<UInt64>?, _ deliver: (_ piece: [UInt8]) async throws -> Void
    ) async throws

    /// Finds many files and reads them, neighbours with one read; `deliver` is given each once, one at a time, in no certain
    /// order, by its position in `requests`. Small ones come with their bytes, large ones (``FileOutcome/large(_:)``) are to be
    /// read with ``forEachPiece(of:range:_:)``.
    func files(
        _ requests: [FileRequest], _ deliver: (_ position: Int, _ outcome: FileOutcome) async throws -> Void
    ) async throws

    /// Whether the store answers.
    func checkStore() async throws(RetrievalError)
}

extension FileRetrieving {
    package func cachedFile(_ request: FileRequest) -> StoredFile? { nil }

    package func readCached(_ file: StoredFile, into output: UnsafeMutableRawBufferPointer) -> Bool { false }
}

/// What became of one request of many.
public enum FileOutcome: Sendable {
    /// The file and all of its bytes, checked.
    case contents(StoredFile, [UInt8])
    /// A file too large to be handed over whole.
    case large(StoredFile)
    /// There is no such file.
    case unknown
    /// It could not be had.
    case failed(RetrievalError)
}
