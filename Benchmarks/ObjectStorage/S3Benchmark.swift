import DESBase
import DESS3
import DESStorage
import Glibc
import Synchronization

/// Reads ranges of an object, many at a time, or uploads a file as a store does, and prints how fast that was.
///
///     s3-benchmark get URL BUCKET KEY OBJECT-SIZE RANGE-SIZE REQUESTS IN-FLIGHT
///     s3-benchmark upload URL BUCKET KEY FILE
///
/// The keys are those of the environment: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`.
@main
enum S3Benchmark {
    /// A wrong call.
    private struct Usage: Error, CustomStringConvertible {
        let description = """
            usage: s3-benchmark get URL BUCKET KEY OBJECT-SIZE RANGE-SIZE REQUESTS IN-FLIGHT
                   s3-benchmark upload URL BUCKET KEY FILE
            """
    }

    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        switch (arguments.first, arguments.count) {
        case ("get", 8):
            let numbers = arguments[4...].compactMap { Int($0) }
            guard numbers.count == 4, numbers.allSatisfy({ $0 > 0 }), numbers[0] >= numbers[1] else { throw Usage() }
            try await get(
                try client(arguments[1]), S3Location(bucket: arguments[2], key: arguments[3]), size: numbers[0],
                rangeSize: numbers[1], requests: numbers[2], inFlight: numbers[3])
        case ("upload", 5):
            try await upload(try client(arguments[1]), bucket: arguments[2], key: arguments[3], file: arguments[4])
        default:
            throw Usage()
        }
    }

    private static func client(_ url: String) throws -> S3Client {
        func variable(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }
        guard let endpoint = S3Endpoint(url: url, region: "us-east-1", style: .path) else { throw Usage() }
        let credentials = S3Credentials(
            accessKeyID: variable("AWS_ACCESS_KEY_ID"), secretAccessKey: variable("AWS_SECRET_ACCESS_KEY"),
            source: "environment")
        return S3Client(
            S3Settings(endpoint: endpoint), credentials: S3CredentialChain([S3StaticCredentials(credentials)]),
            http: try CurlTransport(HTTPSettings(proxy: .none)), threads: ThreadPool(name: "des-s3-files", count: 2))
    }

    // MARK: Ranges

    private static func get(
        _ client: S3Client, _ location: S3Location, size: Int, rangeSize: Int, requests: Int, inFlight: Int
    ) async throws {
        let counter = Counter()
        let count = size / rangeSize
        // The connections are made before it counts.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<inFlight {
                group.addTask { _ = try await client.getObject(location, range: .bytes(0..<UInt64(rangeSize))) }
            }
            try await group.waitForAll()
        }
        let start = Moment()
        let received = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<inFlight {
                group.addTask {
                    var received = 0
                    while case let number = counter.next(), number < requests {
                        // The same places as multi.c has, spread over the object.
                        let place = Int(UInt32(truncatingIfNeeded: number) &* 2_654_435_761) % count
                        let offset = UInt64(place * rangeSize)
                        let range = offset..<offset + UInt64(rangeSize)
                        received += try await client.getObject(location, range: .bytes(range)).bytes.count
                    }
                    return received
                }
            }
            return try await group.reduce(0, +)
        }
        let end = Moment()
        precondition(received == requests * rangeSize, "\(received) bytes came of \(requests) ranges")
        print(report(from: start, to: end))
    }

    // MARK: Uploading

    private static func upload(_ client: S3Client, bucket: String, key: String, file: String) async throws {
        let size = UInt64(try OpenFile(file).status().size)
        // As many threads as the programs have.
        let store = S3Store(
            S3StoreSettings(bucket: bucket), client: client, threads: ThreadPool(name: "des-store", count: 4))
        let start = Moment()
        for outcome in await store.publish([StagedFile(path: file, key: key, size: size)]) { _ = try outcome.get() }
        print(report(from: start, to: Moment()))
    }

    private static func report(from start: Moment, to end: Moment) -> String {
        "{\"seconds\": \(end.seconds - start.seconds), \"cpu\": \(end.processor - start.processor)}"
    }
}

/// 0, 1, 2, … for whoever asks.
private final class Counter: Sendable {
    private let count = Atomic<Int>(0)

    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).oldValue }
}

/// The wall clock and the processor time of this process, in seconds.
private struct Moment {
    let seconds: Double
    let processor: Double

    init() {
        func time(_ clock: clockid_t) -> Double {
            var time = timespec()
            clock_gettime(clock, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        seconds = time(CLOCK_MONOTONIC)
        processor = time(CLOCK_PROCESS_CPUTIME_ID)
    }
}
