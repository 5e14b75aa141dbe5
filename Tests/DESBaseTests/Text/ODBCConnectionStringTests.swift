import DESBase
import Testing

@Suite("ODBC connection strings")
struct ODBCConnectionStringTests {
    @Test("Values that hold what would end them stand in braces")
    func quoting() {
        let text = ODBCConnectionString([
            .init("DRIVER", "MariaDB Unicode"), .init("SERVER", "db.example"), .init("PWD", "a;b}c=d%"),
            .init("X", "{y"),
        ])
        #expect(text.text == "DRIVER={MariaDB Unicode};SERVER=db.example;PWD={a;b}}c=d%};X={{y}")
        #expect(text.description == "DRIVER=MariaDB Unicode;SERVER=db.example;PWD=***;X=***")
        #expect(text.secrets == ["a;b}c=d%"])
        #expect("\(text)\(String(reflecting: text))".contains("b}c") == false)
    }

    @Test(
        "A written string is used as it is, and read back with its braces",
        arguments: [
            "DSN=catalog;UID=des;PWD={a;b}}c=d%}", "dsn=catalog; uid=des ;pwd={a;b}}c=d%};",
        ])
    func written(text: String) {
        let string = ODBCConnectionString(written: text)
        #expect(string.text == text)
        #expect(string["PWD"] == "a;b}c=d%")
        #expect(string["DSN"] == "catalog")
        #expect(string.description.contains("a;b") == false)
    }
}
