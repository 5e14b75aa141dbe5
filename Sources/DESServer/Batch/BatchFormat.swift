import DESRetrieval
import NIOHTTP1

/// One file of a batch, as it was asked for.
struct BatchMember {
    /// Its place in the request, from 0.
    let index: Int
    let request: FileRequest
}

/// How the files of a batch are put into one body.
protocol BatchFormat {
    /// The value of the answer's `Content-Type`.
    var contentType: String { get }
    /// What stands before the bytes of a file.
    mutating func begin(_ member: BatchMember, _ file: StoredFile) -> [UInt8]
    /// What stands behind them.
    mutating func end(_ file: StoredFile) -> [UInt8]
    /// Tells of a file that is not sent.
    mutating func refuse(_ member: BatchMember, _ problem: FileProblem) -> [UInt8]
    /// What stands behind all files.
    mutating func finish() -> [UInt8]
}

extension BatchFormat {
    /// The format that a request wants: a tar archive if it names one, else multipart.
    static func wanted(_ headers: HTTPHeaders) -> any BatchFormat where Self == MultipartFormat {
        let types = headers[canonicalForm: "accept"].map { value in
            value.prefix { $0 != ";" }.lowercased()
        }
        let tar = types.firstIndex(of: "application/x-tar") ?? types.endIndex
        let multipart = types.firstIndex(of: "multipart/mixed") ?? types.endIndex
        return tar < multipart ? TarFormat() : MultipartFormat()
    }
}
