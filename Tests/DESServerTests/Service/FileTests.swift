import DESBase
import DESRetrieval
import DESServer
import DESTestSupport
import Synchronization
import Testing

private let time = "created_at=2024-01-02T03:04:05.678Z"

@Suite(.timeLimit(.minutes(5))) struct FileTests {
    let service = TestService()
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }

    @Test func `A file is its bytes, its length and its tag, and no time`() async throws {
        let file = service.retriever.add("a.bin", bytes)
        try await service.run { server in
            let answer = try await server.request("/files/a.bin?\(time)")
            #expect(answer.status == 200)
            #expect(answer.body == bytes)
            #expect(answer["Content-Length"] == "5000")
            #expect(answer["Content-Type"] == "application/octet-stream")
            #expect(answer["ETag"] == "\"\(file.entityTag)\"")
            #expect(answer["Accept-Ranges"] == "bytes")
            #expect(answer["X-Content-Type-Options"] == "nosniff")
            // created_at is the catalog's, not when the bytes were last changed (RFC 9110, section 8.8.2).
            #expect(answer["Last-Modified"] == nil)
            // Other bytes may be packed for the same uid and time: whoever keeps them has to ask (RFC 9111, section 5.2.2.4).
            #expect(answer["Cache-Control"] == "private, no-cache")
            #expect(answer["Connection"] == "close")
            #expect(answer["Date"]?.hasSuffix(" GMT") == true)
            #expect(service.metric(#"des_retrievals_total{backend="local",status="200"}"#) == 1)
        }
    }

    @Test func `HEAD tells the same of a file and reads no payload`() async throws {
        service.retriever.add("a.bin", bytes)
        try await service.run { server in
            let answer = try await server.request("/files/a.bin?\(time)", method: "HEAD", headers: ["Range: bytes=0-1"])
            #expect(answer.status == 200)
            #expect(answer["Content-Length"] == "5000")
            #expect(answer.body.isEmpty)
            #expect(service.retriever.state.withLock { $0.payloadReads } == 0)
        }
    }

    @Test(
        arguments: [
            ("a b", "a%20b"), ("a+b", "a+b"), ("x/y/z", "x%2Fy%2fz"), ("ä/日本", "%C3%A4%2F%E6%97%A5%E6%9C%AC"),
            ("..", ".."), ("../../etc/passwd", "..%2F..%2Fetc%2Fpasswd"), ("a%b", "a%25b"), ("nul\u{0}", "nul%00"),
            ("batch", "batch"), ("meta", "meta"), ("a?b#c", "a%3Fb%23c"), (String(repeating: "x", count: 8192), nil),
            (String(repeating: "é", count: 8192), nil),
        ] as [(String, String?)])
    func `A uid is found whatever it is made of`(uid: String, path: String?) async throws {
        service.retriever.add(uid, bytes)
        let path = path ?? uid.utf8.map { "%" + (String($0, radix: 16)) }.joined()
        try await service.run { server in
            let answer = try await server.request("/files/\(path)?\(time)")
            #expect(answer.status == 200)
            #expect(answer.body == bytes)
            let meta = try await server.request("/files/\(path)/meta?\(time)")
            #expect(meta.status == 200)
        }
    }

    @Test(
        arguments: [
            "..%2f..%2fetc%2fpasswd", "..", ".", "%2e%2e%2f", "..%5c..%5c", "%00", "a%00.bin", "%2Fetc%2Fpasswd",
            "~root", "a;b", "file:%2F%2F%2Fetc%2Fpasswd", "C:%5Cwindows",
        ])
    func `A path trick is a uid that is not there`(path: String) async throws {
        try await service.run { server in
            let answer = try await server.request("/files/\(path)?\(time)")
            #expect(answer.status == 404)
            #expect(answer.text == #"{"detail":"there is no file of this uid and created_at"}"#)
            #expect(answer["Content-Type"] == "application/json")
        }
    }

    @Test(arguments: [
        "/files/../etc/passwd", "/files/a/b", "/files/", "/files", "/", "/files//meta", "/filesystem", "/x?y",
    ])
    func `A path of another shape is nothing`(path: String) async throws {
        try await service.run { server in
            let status = try await server.request(path).status
            #expect(status == 404)
            #expect(service.retriever.state.withLock { $0.finds } == 0)
        }
    }

    @Test(arguments: ["%", "%4", "%zz", "a%", "%ff", "%C3", "%ED%A0%80", "%C0%AF"])
    func `A uid that is not percent-encoded UTF-8 is a mistake of the client`(path: String) async throws {
        try await service.run { server in
            let status = try await server.request("/files/\(path)?\(time)").status
            #expect(status == 400)
        }
    }

    @Test(
        arguments: [
            "", "?", "?created_at", "?created_at=", "?created_at=yesterday", "?created_at=2024-13-01T00:00:00Z",
            "?created_at=%zz", "?created_at=2024-01-02T03:04:05Z&created_at=2024-01-02T03:04:05Z", "?Created_at=2024",
            "?created_at=2024-01-02T03:04:05%00Z",
        ])
    func `A time that is missing or none is a mistake of the client`(query: String) async throws {
        service.retriever.add("a", bytes)
        try await service.run { server in
            let answer = try await server.request("/files/a\(query)")
            #expect(answer.status == 400)
            #expect(answer.text.hasPrefix(#"{"detail":"created_at "#))
            #expect(service.metric(#"des_retrievals_total{backend="local",status="400"}"#) == 1)
        }
    }

    @Test(
        arguments: [
            "2024-01-02T03:04:05.678Z", "2024-01-02T03:04:05.678+00:00", "2024-01-02T05:04:05.678+02:00",
            "2024-01-02T03%3A04%3A05.678%2B00%3A00", "2024-01-02+03:04:05.678", "2024-01-02%2003:04:05.678Z",
            "2024-01-02+03%3A04%3A05.678%2B00%3A00", "2024-01-01T20:04:05.678-07:00", "1704164645678",
            "2024-01-02%2B00:00", "2024-01-02", "20240102", "2024-01-02+03:04%2B00:00", "20240102+03:04:05.678",
        ])
    func `A time may be written in any of the usual ways`(text: String) async throws {
        for time in ["2024-01-02T03:04:05.678Z", "2024-01-02T00:00:00Z", "2024-01-02T03:04:00Z"] {
            service.retriever.add("a", bytes, createdAt: try #require(Timestamp(parsing: time)))
        }
        try await service.run { server in
            let status = try await server.request("/files/a?x=1&created_at=\(text)&y").status
            #expect(status == 200)
        }
    }

    @Test(
        arguments: [
            ("bytes=0-0", 206, "0-0"), ("bytes=10-19", 206, "10-19"), ("bytes=4990-", 206, "4990-4999"),
            ("bytes=-10", 206, "4990-4999"), ("bytes=-9999", 206, "0-4999"),
            ("bytes=4999-99999999999999999999999", 206, "4999-4999"),
            ("BYTES= 1-2 ", 206, "1-2"), ("bytes=0-1,5-6", 200, nil), ("lines=0-1", 200, nil),
            ("bytes=5000-", 416, nil),
            ("bytes=-0", 416, nil), ("bytes=5-2", 416, nil), ("bytes=a-b", 416, nil), ("bytes=", 416, nil),
            ("bytes", 416, nil), ("bytes=-", 416, nil), ("bytes=1", 416, nil), ("bytes=1-2x", 416, nil),
            ("bytes=0x1-2", 416, nil), ("bytes=99999999999999999999999999-", 416, nil), ("bytes=--1", 416, nil),
            ("bytes=0-1,x", 416, nil),
        ] as [(String, Int, String?)])
    func `A range is what RFC 9110 makes of it, and a malformed one is not satisfiable`(
        range: String, status: Int, sent: String?
    ) async throws {
        service.retriever.add("a", bytes)
        try await service.run { server in
            let answer = try await server.request("/files/a?\(time)", headers: ["Range: \(range)"])
            #expect(answer.status == status)
            switch status {
            case 206:
                let sent = try #require(sent)
                let ends = sent.split(separator: "-").compactMap { Int($0) }
                #expect(answer["Content-Range"] == "bytes \(sent)/5000")
                #expect(answer.body == Array(bytes[ends[0]...ends[1]]))
            case 416: #expect(answer["Content-Range"] == "bytes */5000")
            default: #expect(answer.body == bytes)
            }
        }
    }

    @Test func `Conditions are weighed in the order of RFC 9110`() async throws {
        let tag = service.retriever.add("a", bytes).entityTag
        let later = "Tue, 02 Jan 2024 03:04:06 GMT"
        let cases: [([String], Int)] = [
            (["If-None-Match: \"\(tag)\""], 304), (["If-None-Match: W/\"\(tag)\""], 304), (["If-None-Match: *"], 304),
            (["If-None-Match: \"x\", \"\(tag)\""], 304), (["If-None-Match: \"x\"", "If-None-Match: \"\(tag)\""], 304),
            (["If-None-Match: \"x\""], 200), (["If-None-Match: \"x\"", "If-Modified-Since: \(later)"], 200),
            (["If-Match: \"\(tag)\""], 200), (["If-Match: W/\"\(tag)\""], 412), (["If-Match: \"x\""], 412),
            (["If-Match: *"], 200), (["If-Match: \"x\"", "If-None-Match: \"\(tag)\""], 412),
            (["Range: bytes=0-1", "If-Range: \"\(tag)\""], 206), (["Range: bytes=0-1", "If-Range: W/\"\(tag)\""], 200),
            (["Range: bytes=0-1", "If-Range: \"x\""], 200), (["Range: bytes=9999-", "If-Range: \"x\""], 200),
            (["Range: bytes=9999-", "If-None-Match: \"\(tag)\""], 304),
        ]
        try await service.run { server in
            for (headers, status) in cases {
                let answer = try await server.request("/files/a?\(time)", headers: headers)
                #expect(answer.status == status, "\(headers)")
                if status == 304 {
                    #expect(answer["ETag"] == "\"\(tag)\"")
                    #expect(answer.length > 0)
                }
            }
        }
    }

    @Test(
        arguments: [
            (#","content_type":"image/png""#, "image/png"),
            (
                #","a":{"content_type":"no/no"},"content_type" : "text/plain; charset=utf-8""#,
                "text/plain; charset=utf-8"
            ),
            (#","x":"\",\"content_type\":\"no/no""#, "application/octet-stream"),
            (#","content_type":"evil\r\nX: y""#, "application/octet-stream"),
            (#","content_type":"nonsense""#, "application/octet-stream"),
            (#","content_type":7"#, "application/octet-stream"),
        ])
    func `The content type is the stored one if it is one`(meta: String, type: String) async throws {
        service.retriever.add("a", bytes, moreMeta: meta)
        try await service.run { server in
            let answer = try await server.request("/files/a?\(time)")
            #expect(answer["Content-Type"] == type)
            #expect((answer["Content-Security-Policy"] != nil) == (type != "application/octet-stream"))
        }
    }

    @Test func `Meta is told without a read of the payload`() async throws {
        let file = service.retriever.add("ä\n", bytes, moreMeta: #","k":[1,{"z":null}]"#)
        try await service.run { server in
            let answer = try await server.request("/files/%C3%A4%0A/meta?\(time)")
            #expect(answer.status == 200)
            #expect(
                answer.text
                    == #"{"uid":"ä\n","size":5000,"created_at":"2024-01-02T03:04:05.678Z","meta":{"created_at":"2024-01-02T03:04:05.678Z","crc32":"00000000","k":[1,{"z":null}]},"big_file":false,"etag":"\#(file.entityTag)"}"#
            )
            #expect(service.retriever.state.withLock { $0.payloadReads } == 0)
        }
    }

    @Test(arguments: [0, 1, 65_536, 65_537, 1 << 20, (1 << 20) + 1, 5_000_001], [false, true])
    func `Files of any size arrive whole`(size: Int, isBig: Bool) async throws {
        let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        service.retriever.add("a", bytes, isBig: isBig)
        try await service.run { server in
            let answer = try await server.request("/files/a?\(time)")
            #expect(answer.status == 200)
            #expect(answer["Content-Length"] == "\(size)")
            #expect(answer.body == bytes)
            guard size > 10 else { return }
            let part = try await server.request("/files/a?\(time)", headers: ["Range: bytes=3-\(size - 2)"])
            #expect(part.status == 206)
            #expect(part.body == Array(bytes[3...(size - 2)]))
        }
    }

    @Test(
        arguments: [
            (.unavailable, 503, "5"), (.refused, 502, "30"), (.damaged, 500, nil), (.unroutable, 500, nil),
        ] as [(RetrievalError.Code, Int, String?)])
    func `An error of the store is never a 404, and tells no place`(
        code: RetrievalError.Code, status: Int, retryAfter: String?
    ) async throws {
        service.retriever.add("a", bytes, trouble: .fails(code))
        service.retriever.add("big", bytes, isBig: true, trouble: .fails(code))
        try await service.run { server in
            for uid in ["a", "big"] {
                let answer = try await server.request("/files/\(uid)?\(time)")
                #expect(answer.status == status)
                #expect(answer["Retry-After"] == retryAfter)
                #expect(!answer.text.contains("secret"))
                #expect(answer.text.hasPrefix(#"{"detail":""#))
            }
            service.retriever.state.withLock { $0.storeTrouble = code }
            let status = try await server.request("/files/unknown?\(time)").status
            #expect(status == status)
            #expect(service.metric(#"des_retrievals_total{backend="local",status="\#(status)"}"#) == 3)
            #expect(service.metric(#"des_retrievals_total{backend="local",status="404"}"#) == 0)
            #expect(service.log.lines.contains { $0.contains("injected") })
        }
    }

    @Test func `A store that fails in the middle of a file cuts the answer short`() async throws {
        let bytes = [UInt8](repeating: 7, count: 3 << 20)
        service.retriever.add("big", bytes, isBig: true, trouble: .failsAfterPieces(1))
        try await service.run { server in
            let client = try server.client()
            try await client.send("GET /files/big?\(time) HTTP/1.1\r\nHost: a\r\n\r\n")
            let all = try await client.receiveAll()
            let head = try #require(Answer.headLength(all))
            #expect(String(decoding: all[..<head], as: UTF8.self).contains("Content-Length: \(3 << 20)\r\n"))
            #expect(all.count - head <= 1 << 20)
            try await waitUntil {
                service.metric(#"des_retrievals_total{backend="local",status="aborted"}"#) == 1
            }
            #expect(service.metric(#"des_retrievals_total{backend="local",status="200"}"#) == 0)
        }
    }

    @Test(arguments: ["PUT", "DELETE", "PATCH", "OPTIONS", "POST"])
    func `Other methods are told which there are`(method: String) async throws {
        try await service.run { server in
            let answer = try await server.request("/files/a?\(time)", method: method)
            #expect(answer.status == 405)
            #expect(answer["Allow"] == "GET, HEAD")
        }
    }
}
