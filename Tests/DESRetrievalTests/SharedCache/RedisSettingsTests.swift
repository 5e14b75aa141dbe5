import DESRetrieval
import Testing

@testable import struct DESRetrieval.RedisURL

@Suite("URLs of Redis")
struct RedisSettingsTests {
    @Test(
        "The parts of a URL are found",
        arguments: [
            ("redis://cache", nil, nil, "cache", 6379, 0),
            ("REDIS://cache:7000/3", nil, nil, "cache", 7000, 3),
            ("redis://cache/", nil, nil, "cache", 6379, 0),
            ("redis://:secret@cache", nil, "secret", "cache", 6379, 0),
            ("redis://user:secret@cache:1/15", "user", "secret", "cache", 1, 15),
            ("redis://user@cache", "user", "", "cache", 6379, 0),
            ("redis://:@cache", nil, nil, "cache", 6379, 0),
            ("redis://us%3Aer:a%40b%2F%3F%C5%BC:c@cache", "us:er", "a@b/?ż:c", "cache", 6379, 0),
            ("redis://:a@b@cache", nil, "a@b", "cache", 6379, 0),
            ("redis://[::1]:7000/1", nil, nil, "::1", 7000, 1),
            ("redis://:p@[fe80::2]", nil, "p", "fe80::2", 6379, 0),
        ] as [(String, String?, String?, String, Int, Int)])
    func parts(
        _ text: String, _ user: String?, _ password: String?, _ host: String, _ port: Int, _ database: Int
    ) throws {
        let url = try RedisURL(text)
        #expect(url.user == user)
        #expect(url.password == password)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.database == database)
    }

    @Test(
        "A wrong URL is an error that does not show the password",
        arguments: [
            "", "cache:6379", "http://:geheim@cache", "redis://", "redis://:geheim@", "redis://:geheim@:6379",
            "redis://:geheim@cache:0", "redis://:geheim@cache:65536", "redis://:geheim@cache:x", "redis://:a:geheim",
            "redis://:geheim@cache/one", "redis://:geheim@cache/-1", "redis://:geheim@cache/1?x=2",
            "redis://:geheim%2@cache", "redis://:geheim%zz@cache", "redis://:geheim%FF@cache", "redis://[::1",
            "redis://[::1]x", "redis://:gehe/im@cache", "redis://:geheim@ca%00che", "rediss://:geheim@cache",
            "redis://cache/99999999999999999999",
        ])
    func wrong(_ text: String) {
        #expect {
            _ = try RedisSettings(url: text)
        } throws: { error in
            let message = "\(error)"
            return error is RedisURLError && !message.contains("gehe") && message.contains("expected redis://")
        }
    }

    @Test("TLS is refused with its reason")
    func tls() {
        #expect {
            _ = try RedisSettings(url: "rediss://cache")
        } throws: {
            "\($0)".contains("TLS")
        }
    }

    @Test("Nothing that is printed of the settings has the password or the user in it")
    func secrets() throws {
        let settings = try RedisSettings(url: "redis://karl:geheim@cache:7000/2")
        #expect(settings.place == "redis://cache:7000/2")
        var text = "\(settings) \(String(reflecting: settings))"
        dump(settings, to: &text)
        #expect(!text.contains("geheim") && !text.contains("karl"))
        #expect(try RedisSettings(url: "redis://[::1]").place == "redis://[::1]:6379")
    }
}
