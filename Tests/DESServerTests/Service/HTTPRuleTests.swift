import DESBase
import DESHTTPFront
import DESRetrieval
import DESServer
import Synchronization
import Testing

private let time = "created_at=2024-01-02T03:04:05.678Z"

/// Rules for answers with files; the numbers are sections of RFC 9110 unless another is named.
@Suite(.timeLimit(.minutes(5))) struct HTTPRuleTests {
    let service = TestService()
    let bytes = (0..<5000).map { UInt8(truncatingIfNeeded: $0) }

    @Test(
        arguments: [
            "bytes=-5", "bytes=0-1048575", "bytes=0-", "bytes=0-0", "bytes=9-", "bytes=-0", "bytes=0-1,5-6", "nonsense",
        ], [false, true])
    func `14_2: a range of an empty file is the file`(range: String, isBig: Bool) async throws {
        service.retriever.add("empty", [], isBig: isBig)
        try await service.run { server in
            for method in ["GET", "HEAD"] {
                let answer = try await server.request(
                    "/files/empty?\(time)", method: method, headers: ["Range: \(range)"])
                #expect(answer.status == 200)
                #expect(answer["Content-Length"] == "0")
                #expect(answer["Content-Range"] == nil)
                #expect(answer.body.isEmpty)
            }
        }
    }

    /// The form that is made, and the two older ones that must be understood (5.6.7).
    private static let dates = [
        "Sun, 06 Nov 2094 08:49:37 GMT", "Saturday, 06-Nov-94 08:49:37 GMT", "Sat Nov  6 08:49:37 2094",
        "Tue, 02 Jan 2024 03:04:05 GMT", "Tuesday, 02-Jan-24 03:04:05 GMT", "Tue Jan  2 03:04:05 2024",
        "Sun, 06 Nov 1994 08:49:37 GMT", "soon", "",
    ]

    @Test(arguments: dates)
    func `13_1_3, 13_1_4, 13_1_5: no date is a validator of a file without Last-Modified`(date: String) async throws {
        service.retriever.add("a", bytes)
        try await service.run { server in
            for (fields, status) in [
                (["If-Modified-Since: \(date)"], 200), (["If-Unmodified-Since: \(date)"], 200),
                (["Range: bytes=0-1", "If-Range: \(date)"], 200),
                (["Range: bytes=0-1", "If-Unmodified-Since: \(date)"], 206),
                (["Range: bytes=0-1", "If-Modified-Since: \(date)"], 206),
            ] {
                let answer = try await server.request("/files/a?\(time)", headers: fields)
                #expect(answer.status == status, "\(fields)")
                #expect(answer["Last-Modified"] == nil)
                #expect(answer.body == (status == 200 ? bytes : [0, 1]))
            }
        }
    }

    @Test func `8_8_2: a file of the future has no date either`() async throws {
        let future = try #require(Timestamp(parsing: "2099-01-01T00:00:00Z"))
        service.retriever.add("a", bytes, createdAt: future)
        try await service.run { server in
            let answer = try await server.request("/files/a?created_at=2099-01-01", method: "HEAD")
            #expect(answer.status == 200)
            #expect(answer["Last-Modified"] == nil)
        }
    }

    @Test func `9111, 5_2: nothing that may change is told to be for ever`() async throws {
        service.retriever.add("a", bytes)
        service.retriever.add("big", bytes, isBig: true)
        try await service.run { server in
            for (target, headers) in [
                ("/files/a?\(time)", []), ("/files/big?\(time)", ["Range: bytes=0-1"]), ("/meta/a?\(time)", []),
                ("/files/a?\(time)", ["If-None-Match: *"]), ("/files/none?\(time)", []),
            ] as [(String, [String])] {
                let answer = try await server.request(target, headers: headers)
                let control = try #require(answer["Cache-Control"])
                #expect(!control.contains("immutable") && !control.contains("max-age"), "\(target)")
            }
        }
    }

    @Test(
        arguments: [
            ("2024-01-02+02:00", "%2B"), ("2024-01-02+0200", "%2B"), ("2024-01-02+02", "%2B"),
            ("20240102+02:00", "%2B"), ("2024-01-02T03:04:05%2002:00", "%2B"), ("2024-01-02%2003:04:05%2002:00", "%2B"),
            ("2024-01-02+03:04:05+02:00", "%2B"), ("2024-01-02T03:04:05.678%200200", "%2B"), ("tomorrow", "RFC 3339"),
            ("2024-01-02T03:04:05%2B", "RFC 3339"),
        ])
    func `A time whose + was lost, or may be, is a mistake with a hint and never another time`(
        text: String, hint: String
    ) async throws {
        for time in ["2024-01-02T02:00:00Z", "2024-01-02T03:04:05.678Z", "2024-01-01T22:00:00Z"] {
            service.retriever.add("a", bytes, createdAt: try #require(Timestamp(parsing: time)))
        }
        try await service.run { server in
            let answer = try await server.request("/files/a?created_at=\(text)")
            // A second + may be an offset that was meant, and the first one a blank.
            if text == "2024-01-02+03:04:05+02:00" { return }
            #expect(answer.status == 400)
            #expect(answer.text.contains(hint))
        }
    }

    @Test(
        arguments: [
            ("film.mp4", "", "video/mp4"), ("x/y/Film.WEBM", "", "video/webm"), ("a.mp3", "", "audio/mpeg"),
            ("drawing.svg", "", "image/svg+xml"), ("a.jpeg", "", "image/jpeg"), ("a.b.png", "", "image/png"),
            ("a", #","content_type":"video/mp4""#, "video/mp4"),
            ("a", #","content_type":"image/svg+xml""#, "image/svg+xml"),
            ("a.mp4", #","content_type":"text/html""#, "text/html"),
        ])
    func `Media and drawings that are opened by their link are shown, and run no script`(
        uid: String, meta: String, type: String
    ) async throws {
        service.retriever.add(uid, bytes, moreMeta: meta)
        try await service.run { server in
            let answer = try await server.request("/files/\(uid.replacing("/", with: "%2F"))?\(time)")
            #expect(answer["Content-Type"] == type)
            #expect(answer["X-Content-Type-Options"] == "nosniff")
            let policy = try #require(answer["Content-Security-Policy"]).split(separator: "; ").map(String.init)
            #expect(policy.contains("sandbox"))
            #expect(policy.contains("default-src 'none'"))
            #expect(
                policy.contains { $0.hasPrefix("media-src 'self'") }
                    && policy.contains { $0.hasPrefix("img-src 'self'") })
            #expect(policy.contains("style-src 'unsafe-inline'"))
            #expect(!policy.contains { $0.hasPrefix("script-src") || $0.contains("allow-scripts") || $0.contains("*") })
        }
    }

    @Test(arguments: ["a.html", "a.js", "a.pdf", "png", ".", "a.", "svg", "a.svgz", "a.svg ", "a.xhtml", "a.mp4.exe"])
    func `Of other names nothing is concluded`(uid: String) async throws {
        service.retriever.add(uid, bytes)
        try await service.run { server in
            let answer = try await server.request("/files/\(uid.replacing(" ", with: "%20"))?\(time)")
            #expect(answer["Content-Type"] == "application/octet-stream")
        }
    }

    @Test func `What is known of a file has a place that no proxy takes for another's`() async throws {
        service.retriever.add("a", [1])
        service.retriever.add("a/meta", [2])
        service.retriever.add("b", [3])
        service.retriever.add("meta", [4])
        try await service.run { server in
            #expect(try await server.request("/meta/a?\(time)").text.contains(#""uid":"a","#))
            #expect(try await server.request("/meta/a%2Fmeta?\(time)").text.contains(#""uid":"a/meta","#))
            #expect(try await server.request("/meta/meta?\(time)").text.contains(#""uid":"meta","#))
            #expect(try await server.request("/files/a%2Fmeta?\(time)").body == [2])
            // As a proxy decodes it: an error, for nobody knows what was meant.
            let decoded = try await server.request("/files/a/meta?\(time)")
            #expect(decoded.status == 400)
            #expect(decoded.text.contains("/meta/{uid}"))
            #expect(try await server.request("/files/b/meta?\(time)").text.contains(#""uid":"b","#))
            for path in ["/meta/", "/meta", "/meta/a/b", "/meta/a/", "/metadata/a"] {
                #expect(try await server.request("\(path)?\(time)").status == 404, "\(path)")
            }
            #expect(try await server.request("/meta/a?\(time)", method: "PUT").status == 405)
            #expect(try await server.request("/meta/none?\(time)").status == 404)
        }
    }

    @Test func `A refusal before the answer has the fields of every answer`() async throws {
        var service = service
        service.hasAccessLog = true
        service.configuration.cors = CORSPolicy(origins: ["https://a.example"])
        service.configuration.limits.maximumBodySize = 100
        service.configuration.limits.maximumConnections = 1
        try await service.run { server in
            let fields = "Host: a\r\nOrigin: https://a.example\r\nX-Request-Id: r-1\r\n"
            let only = try server.client()
            try await only.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
            _ = try await only.answer()
            let second = try server.client()
            try await second.send("GET /files/a?\(time) HTTP/1.1\r\n\(fields)\r\n")
            let tooMany = try await second.answer()
            // 9.3.2: the answer to HEAD has no body, a refusal neither.
            let head = try server.client()
            try await head.send("HEAD /files/a?\(time) HTTP/1.1\r\n\(fields)\r\n")
            let all = try await head.receiveAll()
            #expect(String(decoding: all, as: UTF8.self).hasPrefix("HTTP/1.1 503 "))
            #expect(all.suffix(4) == Array("\r\n\r\n".utf8)[...])
            try await only.send("POST /files/batch HTTP/1.1\r\n\(fields)Content-Length: 101\r\n\r\n")
            let tooLarge = try await only.answer()
            #expect([tooLarge.status, tooMany.status] == [413, 503])
            for answer in [tooLarge, tooMany] {
                #expect(answer["Access-Control-Allow-Origin"] == "https://a.example")
                #expect(answer["X-Request-Id"] == "r-1")
                #expect(answer["Connection"] == "close")
            }
        }
        #expect(
            service.accessLines.lines.contains {
                $0.contains(#""path":"/files/batch""#) && $0.contains(#""status":413"#)
            })
    }
}
