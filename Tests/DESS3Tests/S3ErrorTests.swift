import Testing

@testable import DESS3

@Suite struct S3ErrorTests {
    private let context = S3ErrorContext(
        operation: .getObject, bucket: "b", key: "k", endpoint: "http://host", changesSomething: false)

    private func error(_ status: Int, _ body: String = "", headers: [(String, String)] = []) -> S3Error {
        S3Error(HTTPResponse(status: status, headers: headers, body: Array(body.utf8)), context)
    }

    @Test(
        "What S3 says is told apart",
        arguments: [
            (403, "AccessDenied", "accessDenied"), (404, "NoSuchKey", "notFound"),
            (404, "NoSuchBucket", "missingBucket"),
            (412, "PreconditionFailed", "preconditionFailed"), (416, "InvalidRange", "range"),
            (429, "TooManyRequests", "throttled"), (503, "SlowDown", "throttled"),
            (400, "ExpiredToken", "accessDenied"),
            (500, "InternalError", "transient"), (400, "InvalidArgument", ""),
        ])
    func codes(_ status: Int, _ code: String, _ kind: String) {
        let error = error(status, "<Error><Code>\(code)</Code><Message>m</Message><RequestId>r</RequestId></Error>")
        #expect(error.code.rawValue == code)
        #expect(error.requestID == "r")
        #expect(error.isAccessDenied == (kind == "accessDenied"))
        #expect(error.isNotFound == (kind == "notFound"))
        #expect(error.isMissingBucket == (kind == "missingBucket"))
        #expect(error.isPreconditionFailed == (kind == "preconditionFailed"))
        #expect(error.isRangeNotSatisfiable == (kind == "range"))
        #expect(error.isThrottled == (kind == "throttled"))
        #expect(error.isTransient == (kind == "throttled" || kind == "transient"))
        #expect(error.description.contains("s3://b/k") && error.description.contains(code))
    }

    @Test("Of an archived object it is told what to do")
    func archived() {
        let error = error(403, "<Error><Code>InvalidObjectState</Code><Message>m</Message></Error>")
        #expect(error.description.hasSuffix("; the object is archived: restore it first"))
        #expect(error.concernsObject && !error.isTransient)
    }

    @Test("A page of another server is no answer about an object", arguments: [301, 400, 403, 404, 412])
    func notS3(_ status: Int) {
        let error = error(status, "<html><body>Not Found</body></html>", headers: [("Server", "nginx")])
        #expect(error.code == .notS3)
        #expect(!error.isNotFound && !error.isAccessDenied && !error.isPreconditionFailed && !error.isTransient)
    }

    @Test("An error document of S3 that is damaged is no answer either, but worth another try")
    func damaged() {
        let error = error(404, "<Error><Code>NoSuchKey</Co", headers: [("x-amz-request-id", "1")])
        #expect(error.code == .invalidResponse)
        #expect(error.isTransient && !error.isNotFound)
    }

    @Test("A gateway's page is a passing trouble", arguments: [408, 429, 500, 502, 503, 504])
    func gateway(_ status: Int) { #expect(error(status, "<html/>").isTransient) }

    @Test("Without a body the status counts, if the headers are S3's")
    func bodiless() {
        #expect(error(404, headers: [("x-amz-request-id", "1")]).isNotFound)
        #expect(error(403, headers: [("x-amz-request-id", "1")]).isAccessDenied)
        #expect(error(404).code == .notS3)
    }

    @Test(
        "A gateway's failure leaves open whether a change was made; an overload does not",
        arguments: [(500, true), (502, true), (504, true), (503, false), (429, false), (412, false)])
    func outcome(_ status: Int, _ isUnknown: Bool) {
        var context = context
        context.changesSomething = true
        #expect(S3Error(HTTPResponse(status: status), context).isOutcomeUnknown == isUnknown)
    }

    @Test("Credentials show no secret, however they are printed")
    func secrets() {
        let credentials = S3Credentials(
            accessKeyID: "AKID", secretAccessKey: "very-secret", sessionToken: "very-secret", source: "a test")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped, "\([credentials])"] {
            #expect(!text.contains("very-secret"))
        }
    }
}
