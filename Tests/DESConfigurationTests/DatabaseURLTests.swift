@testable import DESConfiguration
import Testing

struct DatabaseURLTests {
    @Test(
        "a database URL is read as SQLAlchemy writes it",
        arguments: [
            ("sqlite:///rel.db", .sqlite(path: "rel.db")),
            ("sqlite:////abs/a.db", .sqlite(path: "/abs/a.db")),
            ("sqlite:///./x", .sqlite(path: "./x")),
            ("sqlite:///a%20b%3F.db", .sqlite(path: "a b?.db")),
            ("sqlite:///100%.db", .sqlite(path: "100%.db")),
            ("sqlite:///a.db?timeout=30", .sqlite(path: "a.db")),
            ("sqlite+pysqlite:///a.db", .sqlite(path: "a.db")),
            ("SQLite:///a.db", .sqlite(path: "a.db")),
            ("sqlite:///file:a.db?uri=true", .sqlite(path: "a.db")),
            ("sqlite:///file:///a/b.db?mode=rw", .sqlite(path: "/a/b.db")),
            ("sqlite:///file://LOCALHOST/a.db", .sqlite(path: "/a.db")),
            ("postgresql://u:p@h:5432/db", .postgresql("postgresql://u:p@h:5432/db")),
            ("postgresql+psycopg2://u:p@h/db?sslmode=require", .postgresql("postgresql://u:p@h/db?sslmode=require")),
            ("postgres://h/db", .postgresql("postgresql://h/db")),
            ("postgresql:///db", .postgresql("postgresql:///db")),
            ("postgresql://h:5432/db?options=a%40b", .postgresql("postgresql://h:5432/db?options=a%40b")),
            ("postgresql://u:a/b?c#d%@h/db", .postgresql("postgresql://u:a%2Fb%3Fc%23d%25@h/db")),
            ("postgresql://u:a%2Fb@h/db", .postgresql("postgresql://u:a%2Fb@h/db")),
            ("postgresql://u:p@ss@h/db", .postgresql("postgresql://u:p%40ss@h/db")),
            ("postgresql://u:12/34@h/db", .postgresql("postgresql://u:12%2F34@h/db")),
            ("postgresql://ü@h/db", .postgresql("postgresql://%C3%BC@h/db")),
            ("mysql+pymysql://u:p@h/db?charset=utf8mb4", .mysql("mysql://u:p@h/db?charset=utf8mb4")),
            ("mariadb://h/db", .mysql("mysql://h/db")),
            ("mssql+pyodbc://u:p@h:1433/db", .sqlServer("mssql://u:p@h:1433/db")),
            ("oracle+oracledb://u:p@h/XE", .oracle("oracle://u:p@h/XE")),
            ("host=h dbname='my db' user=u", .postgresql("host=h dbname='my db' user=u")),
            ("dbname = x", .postgresql("dbname = x")),
            ("odbc:DSN=x;PWD=y", .odbc("DSN=x;PWD=y")),
            ("odbc://DSN=x", .odbc("DSN=x")),
        ] as [(String, DatabaseURL)])
    func reading(text: String, expected: DatabaseURL) throws {
        #expect(try DatabaseURL(text) == expected)
    }

    private static func sqliteOptions(_ names: String) -> String {
        "DES does not open a SQLite file with the options of its URL (\(names)): leave them out. To change no row there are "
            + "migration.mode watermark, --dry-run and des-stats; a ? that belongs to the name of the file is written %3F"
    }

    @Test(
        "a text that is no usable database URL is refused without being shown",
        arguments: [
            ("sqlite://", "an in-memory catalog holds nothing to migrate"),
            ("sqlite:///", "an in-memory catalog holds nothing to migrate"),
            ("sqlite:///:memory:", "an in-memory catalog holds nothing to migrate"),
            ("sqlite:///x?mode=memory", "an in-memory catalog holds nothing to migrate"),
            ("sqlite://///host/x?mode=ro", sqliteOptions("\"mode\"")),
            ("sqlite:///file:x?uri=true&immutable=1", sqliteOptions("\"immutable\"")),
            ("sqlite:///file://host/x", "the file: URL of the SQLite file names another machine"),
            (
                "sqlite://secret.db",
                "a SQLite URL names no host: three slashes before a relative path, four before an absolute one"
            ),
            (
                "db2://u:secret@h",
                "unknown database \"db2\"; known are sqlite, postgresql, mysql, mssql, oracle, odbc"
            ),
            ("odbc:", "expected a connection string behind odbc:, such as odbc:DSN=catalog;UID=des"),
            (
                "u:secret@h/db",
                "expected a database URL: sqlite:///relative.db, sqlite:////absolute.db, postgresql://…, mysql://…, "
                    + "mssql://…, oracle://… or odbc:… (the value is not shown)"
            ),
        ])
    func refusing(text: String, message: String) {
        let error = #expect(throws: DatabaseURL.Invalid.self) { try DatabaseURL(text) }
        #expect(error?.message == message)
        #expect(error?.message.contains("secret") == false)
    }

    @Test(
        "a database URL describes itself without passwords, also inside other values",
        arguments: [
            ("postgresql://u:secret@h:5432/db", "postgresql://u:***@h:5432/db"),
            ("postgresql://u@h/db", "postgresql://u@h/db"),
            ("postgresql://u:se@secret@h/db", "postgresql://u:***@h/db"),
            ("postgresql://u:p@a/secret@h/db", "postgresql://***@h/db"),
            ("postgresql://u/x:secret@h/db?password=secret", "postgresql://***@h/db?password=***"),
            ("postgresql://u:/secret@h/db", "postgresql://u:***@h/db"),
            ("postgresql://u:12/secret?x@h/db", "postgresql://u:***@h/db"),
            (
                "postgresql://h/db?user=u&password=secret&sslmode=require",
                "postgresql://h/db?user=u&password=***&sslmode=require"
            ),
            ("mysql://u:secret@h", "mysql://u:***@h"),
            ("mssql://u:secret@h/db", "mssql://u:***@h/db"),
            (
                "host=h password='a \\' secret' sslpassword=secret dbname=d",
                "host=h password=*** sslpassword=*** dbname=d"
            ),
            ("odbc:Driver={My;SQL};Server=h;UID=u;PWD={a;secret}", "odbc:Driver={My;SQL};Server=h;UID=u;PWD=***"),
            ("odbc:DSN=x;PWD={a}};uid=secret}", "odbc:DSN=x;PWD=***"),
            ("sqlite:///a.db", "sqlite:///a.db"),
        ])
    func redacting(text: String, shown: String) throws {
        let url = try DatabaseURL(text)
        #expect(url.description == shown)
        #expect(String(reflecting: url) == shown)
        var dumped = ""
        dump(DatabaseConfiguration(url: url), to: &dumped)
        #expect(!dumped.contains("secret"))
        #expect(!"\(MigrationConfiguration(database: DatabaseConfiguration(url: url)))".contains("secret"))
    }
}
