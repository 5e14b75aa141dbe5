import DESODBC

/// How long the sessions of a catalog behind ODBC wait.
package struct ODBCCatalogSettings: Sendable, Hashable {
    /// How long connecting may take.
    package var loginTimeout: Duration
    /// How long a statement may run.
    package var statementTimeout: Duration
    /// How long a mark waits for rows, and a fence for marks, that other transactions have locked.
    package var lockWait: Duration
    /// After this time without a statement the server ends an open transaction, so that a paused worker holds no lock.
    package var idleTransactionTimeout: Duration

    package init(
        loginTimeout: Duration = .seconds(15), statementTimeout: Duration = .seconds(600),
        lockWait: Duration = .seconds(10), idleTransactionTimeout: Duration = .seconds(30)
    ) {
        self.loginTimeout = loginTimeout
        self.statementTimeout = statementTimeout
        self.lockWait = lockWait
        self.idleTransactionTimeout = idleTransactionTimeout
    }
}

/// What a connection is used for.
enum ODBCSessionPurpose: Sendable {
    case reading
    case marking
}

extension SQLDialect {
    /// The statements that every session begins with: UTC, READ COMMITTED, and limits of all waiting.
    func sessionStatements(_ purpose: ODBCSessionPurpose, _ settings: ODBCCatalogSettings) -> [String] {
        let statementSeconds = settings.statementTimeout.wholeSeconds
        let idleSeconds = settings.idleTransactionTimeout.wholeSeconds
        switch product {
        case .mysql:
            // The lock wait is short since the caller tries again without holding a lock.
            var statements = [
                "SET SESSION time_zone = '+00:00'",
                "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
                // A time of zeros can be asked for; a value that is too long is refused, not cut.
                """
                SET SESSION sql_mode = CONCAT('STRICT_TRANS_TABLES,', \
                REPLACE(REPLACE(@@sql_mode, 'NO_ZERO_IN_DATE', ''), 'NO_ZERO_DATE', ''))
                """,
                "SET SESSION innodb_lock_wait_timeout = 1",
                "SET SESSION lock_wait_timeout = \(settings.lockWait.wholeSeconds)",
            ]
            if name == "MariaDB" {
                statements.append("SET SESSION max_statement_time = \(statementSeconds)")
                statements.append("SET SESSION idle_transaction_timeout = \(idleSeconds)")
            } else {
                statements.append("SET SESSION max_execution_time = \(statementSeconds * 1000)")
            }
            // MySQL ends a transaction that is idle only with its session.
            let endsSession = purpose == .marking && name != "MariaDB"
            statements.append("SET SESSION wait_timeout = \(endsSession ? idleSeconds : 28800)")
            // The pages of one long result are read as fast as the files are packed.
            if purpose == .reading { statements.append("SET SESSION net_write_timeout = 3600") }
            return statements
        case .sqlServer:
            return [
                "SET TRANSACTION ISOLATION LEVEL READ COMMITTED", "SET LOCK_TIMEOUT 1000", "SET XACT_ABORT OFF",
                "SET QUOTED_IDENTIFIER ON", "SET ANSI_NULLS ON",
            ]
        case .oracle:
            return [
                "ALTER SESSION SET TIME_ZONE = '+00:00'", "ALTER SESSION SET NLS_COMP = BINARY",
                "ALTER SESSION SET NLS_SORT = BINARY", "ALTER SESSION SET NLS_NUMERIC_CHARACTERS = '.,'",
                "ALTER SESSION SET ISOLATION_LEVEL = READ COMMITTED",
            ]
        case .postgresql, .other:
            return [
                "SET TIME ZONE 'UTC'", "SET DateStyle = 'ISO'",
                "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED",
                "SET statement_timeout = \(statementSeconds * 1000)", "SET lock_timeout = 1000",
                "SET idle_in_transaction_session_timeout = \(idleSeconds * 1000)",
            ]
        case .sqlite:
            return ["PRAGMA busy_timeout = 1000", "PRAGMA synchronous = EXTRA"]
        }
    }
}

extension Duration {
    /// Rounded down, at least 1.
    fileprivate var wholeSeconds: Int64 { max(1, components.seconds) }
}
