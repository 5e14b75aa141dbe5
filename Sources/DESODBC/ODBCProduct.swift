/// Which database answers, as far as it matters for its codes and its SQL.
package enum ODBCProduct: Sendable, Hashable {
    /// MySQL and MariaDB.
    case mysql
    case sqlServer
    case oracle
    case postgresql
    case sqlite
    case other

    /// The product that a driver's message, its name, or `SQL_DBMS_NAME` speaks of.
    package init(naming text: String) {
        let text = text.lowercased()
        let words: [(word: String, product: ODBCProduct)] = [
            ("mariadb", .mysql), ("mysql", .mysql), ("[ma-", .mysql), ("sql server", .sqlServer),
            ("freetds", .sqlServer), ("ora-", .oracle), ("oracle", .oracle), ("postgres", .postgresql),
            ("psql", .postgresql), ("sqlite", .sqlite),
        ]
        self = words.first { text.contains($0.word) }?.product ?? .other
    }
}
