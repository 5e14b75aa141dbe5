import DESBase
import Synchronization
import Testing

@testable import DESS3

@Suite struct CredentialsTests {
    private let nowhere = FakeExchange { _ in throw HTTPError(.cannotConnect, "nobody") }

    private func surroundings(
        _ environment: [String: String] = [:], files: [String: String] = [:],
        now: Timestamp = Timestamp(secondsSinceEpoch: 0)
    ) -> S3Surroundings {
        S3Surroundings(environment: environment, now: { now }, threads: ThreadPool(name: "des-test", count: 1)) {
            path in files[path].map { Array($0.utf8) }
        }
    }

    private static let json = """
        {"Code": "Success", "AccessKeyId": "AKID", "SecretAccessKey": "secret", "Token": "token",
         "Expiration": "2030-01-01T00:00:00Z"}
        """
    private static let sts = """
        <AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
        <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKID</AccessKeyId>
        <SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
        <Expiration>2030-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
        </AssumeRoleWithWebIdentityResponse>
        """

    private func expectIssued(_ credentials: S3Credentials?) {
        #expect(credentials?.accessKeyID == "AKID" && credentials?.secretAccessKey == "secret")
        #expect(credentials?.sessionToken == "token")
        #expect(credentials?.expiration == Timestamp(s3Text: "2030-01-01T00:00:00Z"))
    }

    @Test("The environment's keys come first")
    func environment() async throws {
        let world = surroundings(
            ["AWS_ACCESS_KEY_ID": "E", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t", "HOME": "/h"],
            files: ["/h/.aws/credentials": "[default]\naws_access_key_id=P\naws_secret_access_key=p"])
        let found = try await S3CredentialChain(world, http: nowhere).credentials()
        #expect(found.accessKeyID == "E" && found.secretAccessKey == "s" && found.sessionToken == "t")
    }

    @Test("Half of the environment's keys is an error, not a reason to look elsewhere")
    func halfEnvironment() async throws {
        let chain = S3CredentialChain(surroundings(["AWS_ACCESS_KEY_ID": "E"]), http: nowhere)
        await #expect(throws: S3CredentialsError.self) { try await chain.credentials() }
    }

    private static let files = [
        "/h/.aws/credentials": """
        # a comment
        [default]
        aws_access_key_id = D
        aws_secret_access_key = d+/=
        [work]
        aws_access_key_id=W   ; a comment
        aws_secret_access_key=w
        aws_session_token=wt
        [half]
        aws_access_key_id=H
        """,
        "/h/.aws/config": """
        [default]
        region = eu-west-1
        s3 =
          aws_access_key_id = nested
        [profile work]
        region = us-east-2
        aws_access_key_id = overridden
        [profile role]
        role_arn = arn:aws:iam::1:role/r
        source_profile = work
        [profile web]
        role_arn = arn:aws:iam::1:role/web
        web_identity_token_file = /token
        [profile loop]
        role_arn = arn:aws:iam::1:role/l
        source_profile = loop2
        [profile loop2]
        role_arn = arn:aws:iam::1:role/l
        source_profile = loop
        [profile sso]
        sso_session = x
        [services y]
        aws_access_key_id = no
        """,
        "/token": "the-token\n",
    ]

    @Test(
        "Profiles come from both files",
        arguments: [(nil, "D", "d+/=", "eu-west-1"), ("work", "W", "w", "us-east-2")]
            as [(String?, String, String, String)])
    func profiles(_ profile: String?, _ key: String, _ secret: String, _ region: String) async throws {
        let world = surroundings(["HOME": "/h"], files: Self.files)
        let provider = ProfileCredentials(profile: profile, world, http: nowhere)
        let found = try #require(try await provider.credentials())
        #expect(found.accessKeyID == key && found.secretAccessKey == secret)
        #expect(try await provider.region() == region)
        #expect(try await S3CredentialChain(profile: profile, world, http: nowhere).credentials() == found)
    }

    @Test(
        "A profile that is asked for and cannot be used is an error",
        arguments: ["missing", "half", "loop", "sso", "services y"])
    func badProfiles(_ profile: String) async throws {
        let world = surroundings(["HOME": "/h", "AWS_PROFILE": profile], files: Self.files)
        let error = await #expect(throws: S3CredentialsError.self) {
            try await S3CredentialChain(world, http: nowhere).credentials()
        }
        #expect(error?.description.contains("profile") == true)
    }

    @Test("A role is assumed by a profile's keys, in a signed request")
    func assumedRole() async throws {
        let http = FakeExchange { _ in HTTPResponse(200, Self.sts) }
        let world = surroundings(["HOME": "/h", "AWS_PROFILE": "role"], files: Self.files)
        expectIssued(try await S3CredentialChain(world, http: http).credentials())
        let request = try #require(http.requests.first)
        #expect(request.text.contains("Action=AssumeRole&") && request.text.contains("RoleArn=arn%3Aaws%3Aiam"))
        #expect(request.header("authorization")?.contains("Credential=W/19700101/us-east-1/sts/") == true)
        #expect(request.header("x-amz-security-token") == "wt")
    }

    @Test("A web identity token is exchanged without keys", arguments: [true, false])
    func webIdentity(_ isInProfile: Bool) async throws {
        let http = FakeExchange { _ in HTTPResponse(200, Self.sts) }
        let environment =
            isInProfile
            ? ["HOME": "/h", "AWS_PROFILE": "web"]
            : [
                "AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/web",
                "AWS_REGION": "eu-west-3",
            ]
        expectIssued(
            try await S3CredentialChain(surroundings(environment, files: Self.files), http: http).credentials())
        let request = try #require(http.requests.first)
        #expect(request.url == (isInProfile ? "https://sts.amazonaws.com/" : "https://sts.eu-west-3.amazonaws.com/"))
        #expect(request.text.contains("WebIdentityToken=the-token"))
        #expect(request.header("authorization") == nil)
    }

    @Test("What the token service refuses is told, without the token")
    func refusedToken() async throws {
        let http = FakeExchange { _ in
            HTTPResponse(
                403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")
        }
        let world = surroundings(
            ["AWS_WEB_IDENTITY_TOKEN_FILE": "/token", "AWS_ROLE_ARN": "arn"], files: Self.files)
        let error = await #expect(throws: S3CredentialsError.self) {
            try await S3CredentialChain(world, http: http).credentials()
        }
        #expect(error?.description.contains("AccessDenied: no") == true && error?.isTransient == false)
        #expect(error?.description.contains("the-token") == false)
    }

    @Test("A container's endpoint is asked with its token, never through a proxy")
    func container() async throws {
        let http = FakeExchange { _ in HTTPResponse(200, Self.json) }
        let pods = surroundings(
            [
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://169.254.170.23/v1/credentials",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/token",
            ], files: Self.files)
        expectIssued(try await ContainerCredentials(pods, http: http).credentials())
        let tasks = surroundings(["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x"])
        expectIssued(try await ContainerCredentials(tasks, http: http).credentials())
        #expect(http.requests.map(\.url) == ["http://169.254.170.23/v1/credentials", "http://169.254.170.2/v2/x"])
        #expect(http.requests.map { $0.header("authorization") } == ["the-token", nil])
        #expect(http.requests.allSatisfy { !$0.allowsProxy })
    }

    @Test(
        "A container's token goes to no stranger without encryption",
        arguments: ["http://example.org/", "http://10.0.0.1/", "http://127.evil.example/", "ftp://127.0.0.1/"])
    func strangers(_ url: String) async throws {
        let world = surroundings(["AWS_CONTAINER_CREDENTIALS_FULL_URI": url])
        await #expect(throws: S3CredentialsError.self) {
            try await ContainerCredentials(world, http: nowhere).credentials()
        }
    }

    @Test("An instance's role comes from its metadata service, version 2")
    func instance() async throws {
        let http = FakeExchange { request in
            let path = request.url.replacing("http://169.254.169.254", with: "")
            if request.method == .put { return HTTPResponse(200, "session") }
            guard request.header("x-aws-ec2-metadata-token") == "session" else { return HTTPResponse(401) }
            if path == "/latest/meta-data/iam/security-credentials/" { return HTTPResponse(200, "the role\n") }
            return path.hasSuffix("/the%20role") ? HTTPResponse(200, Self.json) : HTTPResponse(404)
        }
        expectIssued(try await InstanceCredentials(surroundings(), http: http).credentials())
        #expect(http.requests.allSatisfy { !$0.allowsProxy && $0.timeLimit != nil })
        let off = surroundings(["AWS_EC2_METADATA_DISABLED": "true"])
        #expect(try await InstanceCredentials(off, http: nowhere).credentials() == nil)
    }

    @Test("Where there are none, the places that were looked at are named")
    func none() async throws {
        let error = await #expect(throws: S3CredentialsError.self) {
            try await S3CredentialChain(surroundings(), http: nowhere).credentials()
        }
        #expect(error?.description.contains("the environment, the web identity token, profile default") == true)
    }

    /// Gives credentials that end an hour later, a new key each time.
    private final class Issuing: S3CredentialProvider {
        let state = Mutex((count: 0, time: Int64(0), isBroken: false))

        var name: String { "a test" }

        func credentials() async throws -> S3Credentials? {
            try state.withLock { state in
                if state.isBroken { throw S3CredentialsError("broken", isTransient: true) }
                state.count += 1
                return S3Credentials(
                    accessKeyID: "K\(state.count)", secretAccessKey: "s",
                    expiration: Timestamp(secondsSinceEpoch: state.time + 3600), source: "a test")
            }
        }
    }

    @Test(
        "Credentials are renewed before they end, once for all who wait; a renewal that fails uses up the old ones first"
    )
    func renewal() async throws {
        let issuing = Issuing()
        let chain = S3CredentialChain([issuing]) { Timestamp(secondsSinceEpoch: issuing.state.withLock { $0.time }) }
        func key(at time: Int64, isBroken: Bool = false) async throws -> String {
            issuing.state.withLock { ($0.time, $0.isBroken) = (time, isBroken) }
            return try await chain.credentials().accessKeyID
        }
        let keys = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 { group.addTask { try await chain.credentials().accessKeyID } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(keys == ["K1"])
        #expect(try await key(at: 3299) == "K1")
        #expect(try await key(at: 3400, isBroken: true) == "K1")
        // Not tried again at once, but later.
        #expect(try await key(at: 3401) == "K1")
        #expect(try await key(at: 3431) == "K2")
        await #expect(throws: S3CredentialsError.self) { try await key(at: 9000, isBroken: true) }
        #expect(try await key(at: 9000) == "K3")
        chain.discard(try await chain.credentials())
        #expect(try await key(at: 9000) == "K4")
    }

    @Test("A token that the server calls expired is renewed, and the request repeated")
    func expired() async throws {
        let issuing = Issuing()
        let chain = S3CredentialChain([issuing]) { Timestamp(secondsSinceEpoch: 0) }
        let http = FakeExchange { request in
            guard request.header("authorization")?.contains("Credential=K1/") == true else {
                return HTTPResponse(200, "x", headers: [("content-length", "1")])
            }
            return HTTPResponse(400, "<Error><Code>ExpiredToken</Code><Message>over</Message></Error>")
        }
        let endpoint = try #require(S3Endpoint(region: "eu-west-1"))
        let client = S3Client(
            S3Settings(endpoint: endpoint), credentials: chain, http: http,
            threads: ThreadPool(name: "des-test", count: 1))
        #expect(try await client.getObject(S3Location(bucket: "bucket", key: "k")).bytes == Array("x".utf8))
        #expect(http.requests.count == 2)
    }

    @Test("A bucket in another region of AWS is asked there, from then on")
    func otherRegion() async throws {
        let http = FakeExchange { request in
            guard request.url.hasPrefix("https://bucket.s3.us-west-2.amazonaws.com/") else {
                return HTTPResponse(
                    301, "<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>",
                    headers: [("x-amz-bucket-region", "us-west-2")])
            }
            let isSigned = request.header("authorization")?.contains("/us-west-2/s3/") == true
            return HTTPResponse(isSigned ? 200 : 403, "x", headers: [("content-length", "1")])
        }
        let endpoint = try #require(S3Endpoint(region: "eu-west-1"))
        let keys = S3StaticCredentials(accessKeyID: "A", secretAccessKey: "s")
        let client = S3Client(
            S3Settings(endpoint: endpoint), credentials: S3CredentialChain([keys]), http: http,
            threads: ThreadPool(name: "des-test", count: 1))
        for _ in 0..<2 { _ = try await client.getObject(S3Location(bucket: "bucket", key: "k")) }
        #expect(http.requests.count == 3)
    }
}
