import DESRetrieval
import DESRouting
import Foundation

/// `read-file PLACE UID CREATED_AT`: writes one file out of the shards of a directory, or of `s3://BUCKET/PREFIX`, to standard
/// output. `DES_N_BITS` is the `n_bits` that the shards were written with (default 8). For S3 the standard `AWS_*` variables say
/// where and who.
@main
struct ReadFile {
    static func main() async {
        do { try await read() } catch {
            FileHandle.standardError.write(Data("read-file: \(error)\n".utf8))
            exit(1)
        }
    }

    private static func read() async throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let createdAt = Timestamp(parsing: arguments[3]) else {
            print("usage: read-file PLACE UID CREATED_AT, for example: read-file ./shards doc-1 2024-01-02T03:04:05Z")
            exit(64)
        }
        // One retriever serves the whole program: it keeps indexes in memory.
        let retriever = try retriever(of: arguments[1])
        // With another number of bits no file would be found.
        if let problem = try await retriever.bitsProblem(), problem.concernsAll {
            print("DES_N_BITS is wrong: \(problem.message)")
            exit(78)
        }
        let request = FileRequest(uid: arguments[2], createdAt: createdAt)
        // Nil says that there is no such file; that this is not known is an error.
        guard let file = try await retriever.find(request) else {
            print("there is no such file")
            exit(1)
        }
        // Pieces of at most 1 MiB: a file of any size needs no more memory.
        try await retriever.forEachPiece(of: file) { piece in
            try FileHandle.standardOutput.write(contentsOf: piece)
        }
    }

    private static func retriever(of place: String) throws -> Retriever {
        let environment = ProcessInfo.processInfo.environment
        let bits = environment["DES_N_BITS"].flatMap { Int($0) }.flatMap { ShardBits($0) } ?? .standard
        let settings = RetrieverSettings(bits: bits)
        return try Retriever(place: place, settings: settings, environment: environment)
    }
}
