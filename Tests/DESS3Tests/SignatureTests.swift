import DESBase
import Testing

@testable import DESS3

/// A request whose signature AWS has published.
struct PublishedSignature: Sendable, CustomTestStringConvertible {
    let name: String
    var method = "GET"
    var path = "/"
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)]
    var payloadHash = SignatureV4.emptyPayload
    var signedHeaders: String
    var signature: String

    var testDescription: String { name }

    /// The query as it is, where the values need no coding.
    var request: SignatureV4.Request {
        SignatureV4.Request(
            method: method, path: path, query: S3Query.text(query), headers: headers, payloadHash: payloadHash)
    }
}

/// From "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)", Amazon S3 API Reference.
private let s3Examples: [PublishedSignature] = [
    PublishedSignature(
        name: "GET Object with a range", path: "/test.txt",
        headers: [
            ("Host", "examplebucket.s3.amazonaws.com"), ("Range", "bytes=0-9"),
            ("x-amz-content-sha256", SignatureV4.emptyPayload), ("x-amz-date", "20130524T000000Z"),
        ], signedHeaders: "host;range;x-amz-content-sha256;x-amz-date",
        signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    PublishedSignature(
        name: "PUT Object", method: "PUT", path: "/" + PercentCoding.encode("test$file.text", keeping: "/"),
        headers: [
            ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("Host", "examplebucket.s3.amazonaws.com"),
            ("x-amz-content-sha256", Digest.hash(.sha256, "Welcome to Amazon S3.".utf8).hexadecimal),
            ("x-amz-date", "20130524T000000Z"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ], payloadHash: Digest.hash(.sha256, "Welcome to Amazon S3.".utf8).hexadecimal,
        signedHeaders: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
    PublishedSignature(
        name: "GET Bucket Lifecycle", query: [("lifecycle", "")],
        headers: [
            ("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
            ("x-amz-content-sha256", SignatureV4.emptyPayload),
        ], signedHeaders: "host;x-amz-content-sha256;x-amz-date",
        signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    PublishedSignature(
        name: "List Objects", query: [("prefix", "J"), ("max-keys", "2")],
        headers: [
            ("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
            ("x-amz-content-sha256", SignatureV4.emptyPayload),
        ], signedHeaders: "host;x-amz-content-sha256;x-amz-date",
        signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
]

private let suiteHeaders = [("Host", "example.amazonaws.com"), ("X-Amz-Date", "20150830T123600Z")]

/// From the "AWS Signature Version 4 test suite"; its path rules (normalising, coding twice) are not those of S3, so only
/// cases in which that makes no difference.
private let suite: [PublishedSignature] = [
    PublishedSignature(
        name: "get-vanilla", headers: suiteHeaders, signedHeaders: "host;x-amz-date",
        signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
    PublishedSignature(
        name: "get-vanilla-query-order-key-case", query: [("Param2", "value2"), ("Param1", "value1")],
        headers: suiteHeaders, signedHeaders: "host;x-amz-date",
        signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
    PublishedSignature(
        name: "get-vanilla-query-unreserved",
        query: [
            (
                "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
                "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
            )
        ], headers: suiteHeaders, signedHeaders: "host;x-amz-date",
        signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
    PublishedSignature(
        name: "get-unreserved", path: "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
        headers: suiteHeaders, signedHeaders: "host;x-amz-date",
        signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
    PublishedSignature(
        name: "get-utf8", path: "/" + PercentCoding.encode("\u{1234}", keeping: "/"), headers: suiteHeaders,
        signedHeaders: "host;x-amz-date",
        signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
    PublishedSignature(
        name: "get-header-value-trim",
        headers: suiteHeaders + [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
        signedHeaders: "host;my-header1;my-header2;x-amz-date",
        signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
    PublishedSignature(
        name: "get-header-value-order",
        headers: suiteHeaders + [
            ("My-Header1", "value4"), ("My-Header1", "value1"), ("My-Header1", "value3"), ("My-Header1", "value2"),
        ], signedHeaders: "host;my-header1;x-amz-date",
        signature: "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01"),
    PublishedSignature(
        name: "post-vanilla", method: "POST", headers: suiteHeaders, signedHeaders: "host;x-amz-date",
        signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    PublishedSignature(
        name: "post-x-www-form-urlencoded", method: "POST",
        headers: suiteHeaders + [("Content-Type", "application/x-www-form-urlencoded")],
        payloadHash: Digest.hash(.sha256, "Param1=value1".utf8).hexadecimal,
        signedHeaders: "content-type;host;x-amz-date",
        signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"),
]

@Suite struct SignatureTests {
    @Test("The signature is the one in Amazon's S3 documentation", arguments: s3Examples)
    func documentedExample(_ example: PublishedSignature) {
        let signer = SignatureV4(
            accessKeyID: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            day: "20130524", region: "us-east-1", service: "s3")
        #expect(
            signer.authorization(for: example.request, at: "20130524T000000Z")
                == "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"
                + "SignedHeaders=\(example.signedHeaders),Signature=\(example.signature)")
    }

    @Test("The signature is the one in Amazon's test suite", arguments: suite)
    func testSuite(_ example: PublishedSignature) {
        let signer = SignatureV4(
            accessKeyID: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", day: "20150830",
            region: "us-east-1", service: "service")
        #expect(
            signer.authorization(for: example.request, at: "20150830T123600Z")
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
                + "SignedHeaders=\(example.signedHeaders),Signature=\(example.signature)")
    }

    @Test("A session token is a signed header")
    func sessionToken() {
        let credentials = S3Credentials(
            accessKeyID: "AKID", secretAccessKey: "secret", sessionToken: "token", source: "a test")
        let request = S3Signing().sign(
            S3Request(.getObject, .get, S3Location(bucket: "b", key: "k")), at: endpoint(.path), credentials,
            time: Timestamp(secondsSinceEpoch: 1_369_353_600), payloadHash: SignatureV4.emptyPayload)
        #expect(request.headers.contains { $0 == ("x-amz-security-token", "token") })
        let authorization = request.headers.first { $0.name == "authorization" }?.value ?? ""
        #expect(authorization.contains("SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"))
    }

    @Test("Without credentials nothing is signed")
    func unsigned() {
        let request = S3Signing().sign(
            S3Request(.getObject, .get, S3Location(bucket: "b", key: "k")), at: endpoint(.path), nil,
            time: Timestamp(secondsSinceEpoch: 0), payloadHash: SignatureV4.emptyPayload)
        #expect(request.headers.isEmpty)
    }

    @Test(
        "Nothing in a key is normalised, and each byte but the unreserved ones is coded",
        arguments: [
            ("a b", "a%20b"), ("a+b", "a%2Bb"), ("a?b", "a%3Fb"), ("a%20b", "a%2520b"), ("/a", "/a"), ("a//b", "a//b"),
            ("../a", "../a"), ("a/./b/..", "a/./b/.."), ("ä€😀", "%C3%A4%E2%82%AC%F0%9F%98%80"),
            ("~-_.!*'();:@&=$,#[]", "~-_.%21%2A%27%28%29%3B%3A%40%26%3D%24%2C%23%5B%5D"), ("a\u{1}b", "a%01b"),
        ])
    func keys(_ key: String, _ encoded: String) {
        let path = endpoint(.path).address(bucket: "bucket", key: key)
        #expect(path.path == "/bucket/" + encoded)
        #expect(path.origin.text == "https://s3.example.org")
        let host = endpoint(.virtualHost).address(bucket: "bucket", key: key)
        #expect(host.path == "/" + encoded)
        #expect(host.origin.text == "https://bucket.s3.example.org")
        #expect(PercentCoding.lenient(encoded, plusIsBlank: true) == key)
    }

    @Test(
        "A bucket that cannot be part of a host name is addressed by path",
        arguments: [
            ("bucket", true), ("my-bucket-1", true), ("Bucket", false), ("with.dot", false), ("ab", false),
            ("-bucket", false), ("under_score", false), (String(repeating: "a", count: 64), false),
        ])
    func bucketNames(_ bucket: String, _ isHost: Bool) {
        #expect(endpoint(.virtualHost).address(bucket: bucket, key: "k").origin.host.hasPrefix("\(bucket).") == isHost)
    }

    @Test("AWS is addressed by virtual host, another service by path, unless it is said")
    func automaticStyle() throws {
        let aws = try #require(S3Endpoint(region: "eu-west-1"))
        #expect(aws.address(bucket: "bucket", key: "k").origin.text == "https://bucket.s3.eu-west-1.amazonaws.com")
        #expect(aws.inRegion("us-west-2").origin.text == "https://s3.us-west-2.amazonaws.com")
        let other = try #require(S3Endpoint(url: "http://[::1]:9000/", region: "r"))
        #expect(other.address(bucket: "bucket", key: "k").origin.text == "http://[::1]:9000")
        #expect(other.inRegion("s").origin == other.origin)
        #expect(other.inRegion("s").region == "s")
    }

    @Test(
        "What is not the URL of a server is refused",
        arguments: [
            "", "host", "ftp://host", "http://", "http://user:password@host", "http://host:0", "http://host:x",
            "http://host/path", "http://ho st", "http://[::1", "http://host:99999",
        ])
    func badEndpoints(_ url: String) { #expect(S3Endpoint(url: url, region: "r") == nil) }

    private func endpoint(_ style: S3Endpoint.Style) -> S3Endpoint {
        S3Endpoint(origin: HTTPOrigin(isSecure: true, host: "s3.example.org", port: nil), region: "r", style: style)
    }
}
