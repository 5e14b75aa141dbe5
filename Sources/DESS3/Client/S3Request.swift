/// A request to S3 before it is signed.
struct S3Request: Sendable {
    var operation: S3Operation
    var method: HTTPRequest.Method
    var bucket: String
    /// Nil for an operation on the bucket.
    var key: String?
    var query: [(name: String, value: String)] = []
    /// All are signed.
    var headers: [(name: String, value: String)] = []
    var body: S3Body?
    var sink: HTTPSink = .memory(limit: 16 << 20)
    var expectedSize = 0
    var stallTime: Duration?
    /// Whether doing it a second time is not the same as doing it once, so that it is not repeated blindly.
    var changesSomething = false

    init(_ operation: S3Operation, _ method: HTTPRequest.Method, bucket: String, key: String? = nil) {
        self.operation = operation
        self.method = method
        self.bucket = bucket
        self.key = key
    }

    init(_ operation: S3Operation, _ method: HTTPRequest.Method, _ location: S3Location) {
        self.init(operation, method, bucket: location.bucket, key: location.key)
    }

    /// Why it cannot be sent; nil if it can.
    var problem: String? {
        if bucket.isEmpty { return "the bucket has no name" }
        if let key, key.isEmpty { return "the key is empty" }
        if let key, key.utf8.count > 1024 { return "the key has more than 1,024 bytes" }
        let isPlain = headers.allSatisfy { header in
            (header.name + header.value).utf8.allSatisfy { $0 >= 32 && $0 != 127 }
        }
        return isPlain ? nil : "a header has a control character"
    }
}
