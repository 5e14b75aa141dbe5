import DESTelemetry
import Testing

@Suite struct RedactionTests {
    @Test(
        arguments: [
            ("postgresql://user:s3cret@host:5432/db", "postgresql://user:***@host:5432/db"),
            ("cannot open mysql+pymysql://u:p@h/d, gave up", "cannot open mysql+pymysql://u:***@h/d, gave up"),
            ("redis://:secret@host", "redis://:***@host"),
            ("postgresql://u:p@ss:w@rd@host/db", "postgresql://u:***@host/db"),
            ("postgresql://u:pa/ss?w#rd@host/db", "postgresql://u:***@host/db"),
            ("postgresql://u:two words@host/db", "postgresql://u:***@host/db"),
            ("postgresql://admin@server:secret@host/db", "postgresql://admin@server:***@host/db"),
            ("http://u:p@[::1]:80/x", "http://u:***@[::1]:80/x"),
            ("a://u:p@h b://v:q@i", "a://u:***@h b://v:***@i"),
            ("postgresql://ü:gehe¡m@host", "postgresql://ü:***@host"),
            ("user:pass@tcp(host:3306)/db", "user:***@tcp(host:3306)/db"),
            ("'user:pass@host'", "'user:***@host'"),
        ])
    func `The password of a URL is taken out`(text: String, redacted: String) {
        #expect(redactingURL(text) == redacted)
    }

    @Test(
        arguments: [
            ("host=h password=secret dbname=d", "host=h password=*** dbname=d"),
            ("host=h password = 'it\\'s mine' user=u", "host=h password = '***' user=u"),
            ("Driver={X};UID=u;PWD={a;b}}c};DATABASE=d", "Driver={X};UID=u;PWD={***};DATABASE=d"),
            ("Driver={X};Pwd=a,b;DATABASE=d", "Driver={X};Pwd=***;DATABASE=d"),
            (
                "postgresql://h/d?user=u&password=p%40&sslmode=require",
                "postgresql://h/d?user=u&password=***&sslmode=require"
            ),
            (
                "https://h/k?X-Amz-Signature=abc&X-Amz-Security-Token=t",
                "https://h/k?X-Amz-Signature=***&X-Amz-Security-Token=***"
            ),
            ("AWS_SECRET_ACCESS_KEY=abc/d+e DB_PASSWORD=x", "AWS_SECRET_ACCESS_KEY=*** DB_PASSWORD=***"),
            (#"{"user": "u", "password": "a\"b", "port": 1}"#, #"{"user": "u", "password": "***", "port": 1}"#),
            ("odbc:Driver={X};Server=h;PWD={open", "odbc:Driver={X};Server=h;PWD={***"),
            ("sslpassword=x", "sslpassword=***"),
        ])
    func `The value after a name of a secret is taken out`(text: String, redacted: String) {
        #expect(redactingURL(text) == redacted)
    }

    @Test(
        arguments: [
            "", "plain text", "sqlite:////var/lib/des/catalog.db", "s3://bucket/a@b/c:d.bin",
            "postgresql://user@host:5432/db",
            "http://127.0.0.1:9000/bucket/a@b.bin", "http://[::1]:8080/x@y",
            "password authentication failed for user \"u\"",
            "wrong password: try again", "at 12:34:56 the store answered 503",
            "passwords=", "/data/a:b/c@d", "see https://h.",
        ])
    func `A text without a secret stays as it is`(text: String) {
        #expect(redactingURL(text) == text)
    }
}
