import DESBase
import DESCatalog
import DESODBC
import Testing

@testable import DESCatalogODBC

@Suite("Connection strings from URLs")
struct ODBCSourceTests {
    private func text(_ url: String, _ drivers: [String]) throws -> String {
        try ODBCSource(url: url).connectionString(drivers: drivers).text
    }

    @Test("MySQL and MariaDB take the best driver that is installed")
    func mysql() throws {
        let url = "mysql+pymysql://us%65r:p%40;%7D@db.example:3307/cat?charset=utf8&ssl_ca=/etc/ca%20x.pem"
        #expect(
            try text(url, ["PostgreSQL Unicode", "MySQL ODBC 8.0 Unicode Driver", "MariaDB Unicode"]) == """
                DRIVER={MariaDB Unicode};SERVER=db.example;PORT=3307;DATABASE=cat;UID=user;PWD={p@;}}};\
                CHARSET=utf8mb4;FORWARDONLY=1;OPTION=1048576;SSLCA={/etc/ca x.pem}
                """)
        #expect(
            try text("mariadb://u@h/d?driver=Mine", []) == """
                DRIVER={Mine};SERVER=h;PORT=3306;DATABASE=d;UID=u;CHARSET=utf8mb4;FORWARDONLY=1;OPTION=1048576
                """)
    }

    @Test("SQL Server, by Microsoft's driver or FreeTDS")
    func sqlServer() throws {
        let url = "mssql+pyodbc://sa:pw@db:1433/cat?driver=ODBC+Driver+18+for+SQL+Server&TrustServerCertificate=yes"
        #expect(
            try text(url, []) == """
                DRIVER={ODBC Driver 18 for SQL Server};SERVER={tcp:db,1433};DATABASE=cat;UID=sa;PWD=pw;APP=des;\
                TrustServerCertificate=yes
                """)
        #expect(
            try text("mssql://sa:pw@db/cat", ["FreeTDS"]) == """
                DRIVER={FreeTDS};SERVER=db;PORT=1433;DATABASE=cat;UID=sa;PWD=pw;TDS_Version=7.4;ClientCharset=UTF-8
                """)
    }

    @Test("Oracle, by a service name in the path or the options", arguments: ["/svc", "/?service_name=svc"])
    func oracle(path: String) throws {
        #expect(
            try text("oracle+cx_oracle://u:pw@db\(path)", ["Oracle 21 ODBC driver"]) == """
                DRIVER={Oracle 21 ODBC driver};DBQ=//db:1521/svc;UID=u;PWD=pw;LOB=T;FEN=T;BTD=F;EXC=F
                """)
    }

    @Test("Without a driver the error names the package, and no password")
    func noDriver() throws {
        let source = try ODBCSource(url: "mysql://user:geheim@db/cat")
        let error = #expect(throws: CatalogError.self) { try source.connectionString(drivers: ["SQLite3"]) }
        #expect(error?.code == .cannotOpen)
        #expect(error?.advice?.contains("odbc-mariadb") == true)
        #expect(error?.description.contains("geheim") == false)
        #expect("\(source)" == "mysql://user@db/cat")
        #expect(throws: CatalogError.self) { try ODBCSource(url: "mongodb://x/y") }
    }

    @Test("A password may hold what a URL uses, if the last @ ends it")
    func hostilePasswords() throws {
        let url = try #require(ServerURL("mysql://u:a/b?c@d:e@h:1/x?o=1"))
        #expect(url.password == "a/b?c@d:e" && url.host == "h" && url.port == 1 && url.database == "x")
        #expect(url.options.map(\.name) == ["o"])
        let address = try #require(ServerURL("mysql://u:p@[::1]:3307/x"))
        #expect(address.host == "::1" && address.port == 3307)
    }
}
