import CPostgres
import Glibc

/// An open connection, as the body of ``PostgresConnection/run(_:advice:_:)`` uses it: all calls block its thread.
///
/// All methods throw ``PostgresError``, or `CancellationError` when the task is cancelled: then the statement that runs is
/// interrupted on the server.
package final class PostgresSession {
    /// How many sessions the connection has opened before this one, plus one: a number that changes says that prepared
    /// statements, cursors and temporary tables are gone.
    package let openingNumber: Int
    /// The server's version, as in 150004 for 15.4.
    package let serverVersion: Int
    /// Whether texts are bytes in no known encoding (a database in `SQL_ASCII`).
    package let hasUncheckedTexts: Bool
    /// Whether the server is a standby.
    package internal(set) var isInRecovery = false
    /// Whether transactions are read-only unless they say otherwise.
    package internal(set) var isReadOnly = false

    /// Host, database and user of the connection.
    package let place: String
    private let handle: OpaquePointer
    private let wakeUp: WakeUp
    private var statements: [StatementKey: String] = [:]
    /// In the names of prepared statements, so that behind a pooler that mixes sessions a name is missing, and never that of
    /// another session's statement.
    private let statementTag = String(UInt64.random(in: 0 ... .max), radix: 36)
    private var isAwaitingResult = false
    private var isSentInTransaction = false
    /// How long the server may say nothing while it is asked something; nil: for ever. Its own limit for statements ends
    /// before, so that only a server that is frozen or cut off reaches this one.
    private var silenceLimit: Duration?
    /// Whether the server said nothing for that long: its answer may come later, to another question.
    private var isGivenUp = false
    /// Whether the server was asked to end the statement that runs: it answers at once then.
    private var isInterruptSent = false
    private static let graceTime = Duration.seconds(5)

    private struct StatementKey: Hashable {
        let sql: String
        let types: [PostgresType]
    }

    /// Takes over an open connection.
    init(
        _ handle: OpaquePointer, wakeUp: WakeUp, openingNumber: Int, place: String, hasUncheckedTexts: Bool,
        statementTimeout: Duration?
    ) {
        self.handle = handle
        self.wakeUp = wakeUp
        self.openingNumber = openingNumber
        self.place = place
        self.hasUncheckedTexts = hasUncheckedTexts
        silenceLimit = statementTimeout.map { $0 + Self.graceTime }
        serverVersion = Int(PQserverVersion(handle))
    }

    deinit { PQfinish(handle) }

    /// Whether the connection broke; then nothing works in this session any more.
    var isBroken: Bool { isGivenUp || PQstatus(handle) == CONNECTION_BAD }

    /// Whether the server ended the connection while nothing was asked of it, or it is broken already.
    func isLost() -> Bool {
        guard !isAwaitingResult else { return isBroken }
        // A last word of the server may come before the end.
        for _ in 0..<8 where !isBroken {
            var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
            guard poll(&descriptor, 1, 0) > 0, PQconsumeInput(handle) == 1 else { break }
        }
        return isBroken
    }

    /// Runs one statement with parameters `$1`, `$2`, …, prepared once for the session.
    package func query(_ sql: String, _ parameters: [PostgresParameter] = []) throws -> PostgresResult {
        do {
            try send(sql, parameters)
            return try receive()
        } catch let error as PostgresError where error.isStalePlan && !isInTransaction {
            try forget(sql, parameters)
            try send(sql, parameters)
            return try receive()
        }
    }

    /// Sends a statement, so that the server works on it while the caller does something else. What an earlier statement
    /// that was sent returns is dropped.
    ///
    /// - Parameter rowByRow: whether the result is to be received by ``receiveRows(_:)``.
    package func send(_ sql: String, _ parameters: [PostgresParameter] = [], rowByRow: Bool = false) throws {
        try drain()
        try Task.checkCancellation()
        let name = try prepared(sql, parameters.map(\.type))
        isSentInTransaction = isInTransaction
        let isSent = Self.withBound(parameters) { values, lengths, formats in
            PQsendQueryPrepared(handle, name, Int32(parameters.count), values, lengths, formats, 1)
        }
        guard isSent == 1 else { throw connectionFailure() }
        isAwaitingResult = true
        if rowByRow { PQsetSingleRowMode(handle) }
        try flush()
    }

    /// Hands the rows of one statement to the body, each as a result of its own as it arrives, so that never more than one
    /// is in memory. Those after the one for which the body answers false are dropped unread.
    package func queryRows(
        _ sql: String, _ parameters: [PostgresParameter] = [], _ body: (PostgresResult) -> Bool
    ) throws {
        do {
            try send(sql, parameters, rowByRow: true)
            try receiveRows(body)
        } catch let error as PostgresError where error.isStalePlan && !isInTransaction {
            // Such a statement has given no row.
            try forget(sql, parameters)
            try send(sql, parameters, rowByRow: true)
            try receiveRows(body)
        }
    }

    /// As ``queryRows(_:_:_:)``, of the statement that was sent last.
    package func receiveRows(_ body: (PostgresResult) -> Bool) throws {
        guard isAwaitingResult else {
            throw PostgresError(code: .queryFailed, message: "no statement was sent", place: place)
        }
        var isWanted = true
        _ = try finish { row in
            if isWanted { isWanted = body(row) }
        }
    }

    /// Waits for the result of the statement that was sent last.
    package func receive() throws -> PostgresResult {
        guard isAwaitingResult else {
            throw PostgresError(code: .queryFailed, message: "no statement was sent", place: place)
        }
        return try finish()
    }

    /// Runs one statement or several, separated by semicolons, without parameters; several are one transaction unless
    /// they say otherwise.
    package func execute(_ sql: String) throws {
        try drain()
        try Task.checkCancellation()
        _ = try executeUnchecked(sql, isInterruptible: true)
    }

    /// Runs the body in a transaction, which is committed when the body returns and rolled back when it throws.
    ///
    /// If the connection breaks while the transaction is committed, the error's `isOutcomeUnknown` is set.
    ///
    /// - Parameter modes: as in `BEGIN`: `READ ONLY`, `ISOLATION LEVEL REPEATABLE READ`.
    package func transaction<Result>(_ modes: String = "", _ body: () throws -> Result) throws -> Result {
        try execute("BEGIN \(modes)")
        do {
            let result = try body()
            try drain()
            try Task.checkCancellation()
            let tag = try executeUnchecked("COMMIT").commandTag
            guard tag == "COMMIT" else {
                throw PostgresError(
                    code: .queryFailed, message: "the transaction was rolled back, since a statement in it had failed",
                    place: place)
            }
            return result
        } catch {
            rollBackIfNeeded()
            throw error
        }
    }

    /// Runs the body with another `statement_timeout`; nil: none.
    package func withStatementTimeout<Result>(_ timeout: Duration?, _ body: () throws -> Result) throws -> Result {
        let limitBefore = silenceLimit
        silenceLimit = timeout.map { $0 + Self.graceTime }
        defer { silenceLimit = limitBefore }
        let before = try query("SELECT current_setting('statement_timeout')").text(0, 0) ?? "0"
        let set = "SELECT set_config('statement_timeout', $1, false)"
        _ = try query(set, [.text(timeout.map { String($0.milliseconds) } ?? "0")])
        do {
            let result = try body()
            _ = try query(set, [.text(before)])
            return result
        } catch {
            if !isBroken, !isInTransaction {
                try? drain()
                _ = try? executeUnchecked("SET statement_timeout = '\(before)'")
            }
            throw error
        }
    }

    /// Whether a transaction is open.
    package var isInTransaction: Bool {
        let status = PQtransactionStatus(handle)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }

    /// Ends a transaction that a body left open; what was sent outside of one goes on.
    func rollBackOrphan() {
        if isAwaitingResult ? isSentInTransaction : isInTransaction { rollBackIfNeeded() }
    }

    private func rollBackIfNeeded() {
        guard !isBroken else { return }
        try? drain()
        if isInTransaction { _ = try? executeUnchecked("ROLLBACK") }
    }
}

// MARK: Statements

extension PostgresSession {
    /// Runs SQL even if the task is cancelled already.
    ///
    /// - Parameter isInterruptible: whether a cancellation ends it: never the end of a transaction.
    private func executeUnchecked(_ sql: String, isInterruptible: Bool = false) throws -> PostgresResult {
        guard PQsendQuery(handle, sql) == 1 else { throw connectionFailure() }
        isAwaitingResult = true
        try flush(isInterruptible: isInterruptible)
        return try finish(isInterruptible: isInterruptible)
    }

    private func prepared(_ sql: String, _ types: [PostgresType]) throws -> String {
        let key = StatementKey(sql: sql, types: types)
        if let name = statements[key] { return name }
        // Some statements hold literals: a session that lives long must not collect them.
        if statements.count >= 200 {
            _ = try executeUnchecked("DEALLOCATE ALL")
            statements.removeAll()
        }
        let name = "des_\(statementTag)_\(statements.count + 1)"
        let numbers = types.map(\.rawValue)
        guard PQsendPrepare(handle, name, sql, Int32(types.count), numbers) == 1 else { throw connectionFailure() }
        isAwaitingResult = true
        try flush()
        _ = try finish()
        statements[key] = name
        return name
    }

    private func forget(_ sql: String, _ parameters: [PostgresParameter]) throws {
        // All of them: names are numbered by their count.
        _ = try executeUnchecked("DEALLOCATE ALL")
        statements.removeAll()
    }

    private static func withBound<Result>(
        _ parameters: [PostgresParameter],
        _ body: ([UnsafePointer<CChar>?], [Int32], [Int32]) -> Result
    ) -> Result {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parameters.reduce(1) { $0 + ($1.bytes?.count ?? 0) })
        var ranges: [Range<Int>?] = []
        for parameter in parameters {
            let start = bytes.count
            if let value = parameter.bytes { bytes.append(contentsOf: value) }
            ranges.append(parameter.bytes == nil ? nil : start..<bytes.count)
        }
        // So that an empty value has an address: a nil pointer is NULL.
        bytes.append(0)
        return bytes.withUnsafeBytes { buffer in
            let start = buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = ranges.map { range in range.flatMap { range in start.map { $0 + range.lowerBound } } }
            return body(values, ranges.map { Int32(clamping: $0?.count ?? 0) }, ranges.map { _ in 1 })
        }
    }
}

// MARK: Waiting

extension PostgresSession {
    /// Drops what a statement returns that was sent, and not received.
    private func drain() throws {
        guard isAwaitingResult else { return }
        do {
            _ = try finish()
        } catch let error as PostgresError where error.code != .unreachable {
            // Nobody has asked for the result.
        }
    }

    /// Reads all results of what was sent, to the end, and returns the last one or throws the first error.
    ///
    /// - Parameter row: gets the rows of a statement that was sent row by row; the result has none then.
    private func finish(
        isInterruptible: Bool = true, row: (PostgresResult) -> Void = { _ in }
    ) throws -> PostgresResult {
        isAwaitingResult = false
        defer { isInterruptSent = false }
        var last: PostgresResult?
        var failure: PostgresError?
        var isInterrupted = !isInterruptible
        while true {
            while PQisBusy(handle) == 1 {
                try wait(for: Int16(POLLIN), &isInterrupted)
                guard PQconsumeInput(handle) == 1 else { throw connectionFailure() }
            }
            guard let result = PQgetResult(handle) else { break }
            switch PQresultStatus(result) {
            case PGRES_SINGLE_TUPLE: row(PostgresResult(result))
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                last = PostgresResult(result)
            case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                // It would never end; no statement of ours copies.
                PQclear(result)
                throw PostgresError(code: .queryFailed, message: "COPY is not supported", place: place)
            default:
                failure = failure ?? PostgresError(result, place: place)
                PQclear(result)
            }
        }
        if isBroken { throw connectionFailure(failure) }
        if var failure {
            if failure.sqlState == "57014", Task.isCancelled { throw CancellationError() }
            failure.advice = failure.specialAdvice ?? failure.advice ?? failure.code.defaultAdvice
            throw failure
        }
        guard let last else { throw connectionFailure() }
        return last
    }

    private func flush(isInterruptible: Bool = true) throws {
        var isInterrupted = !isInterruptible
        while true {
            switch PQflush(handle) {
            case 0: return
            case 1:
                // The server may wait for its own output to be taken first.
                try wait(for: Int16(POLLIN | POLLOUT), &isInterrupted)
                guard PQconsumeInput(handle) == 1 else { throw connectionFailure() }
            default: throw connectionFailure()
            }
        }
    }

    /// Waits for the socket. If the task is cancelled meanwhile, the server is asked once to end the statement; its answer is
    /// awaited, so that it cannot hit a later one.
    private func wait(for events: Int16, _ isInterrupted: inout Bool) throws {
        while true {
            if !isInterrupted, Task.isCancelled {
                isInterrupted = true
                isInterruptSent = true
                interrupt()
            }
            var descriptors = [
                pollfd(fd: PQsocket(handle), events: events, revents: 0),
                pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
            ]
            let limit = isInterruptSent ? Self.graceTime : silenceLimit
            let count = poll(&descriptors, 2, limit.map { Int32(clamping: $0.milliseconds) } ?? -1)
            if count < 0, errno != EINTR { throw connectionFailure() }
            if count == 0 {
                isGivenUp = true
                throw silence(limit)
            }
            if descriptors[1].revents != 0 { wakeUp.clear() }
            if count > 0, descriptors[0].revents != 0 { return }
        }
    }

    private func interrupt() {
        guard let cancel = PQgetCancel(handle) else { return }
        var message = [CChar](repeating: 0, count: 256)
        // If it fails the statement goes on to its end, or to its timeout.
        PQcancel(cancel, &message, Int32(message.count))
        PQfreeCancel(cancel)
    }

    private func silence(_ limit: Duration?) -> any Error {
        if isInterruptSent { return CancellationError() }
        return PostgresError(
            code: .unreachable, message: "no answer for \(limit.map { "\($0.milliseconds / 1000)" } ?? "") s",
            place: place,
            advice: PostgresError.Code.unreachable.defaultAdvice, isOutcomeUnknown: true)
    }

    /// The connection broke, perhaps with a last word of the server.
    private func connectionFailure(_ reported: PostgresError? = nil) -> PostgresError {
        let text = String(cString: PQerrorMessage(handle)).trimmedLines
        let reason = reported?.message ?? (text.isEmpty ? "the connection broke" : text)
        return PostgresError(
            code: .unreachable, sqlState: reported?.sqlState, message: reason, place: place,
            advice: PostgresError.Code.unreachable.defaultAdvice, isOutcomeUnknown: true)
    }
}

extension PostgresError {
    /// What the server reported.
    init(_ result: OpaquePointer, place: String) {
        func text(_ field: UnsafePointer<CChar>?) -> String? { field.map { String(cString: $0) } }
        let state = text(des_pg_error_state(result))
        self.init(
            code: state.map { Code(sqlState: $0) } ?? .queryFailed, sqlState: state,
            message: text(des_pg_error_message(result)) ?? String(cString: PQresultErrorMessage(result)).trimmedLines,
            detail: text(des_pg_error_detail(result)), place: place, advice: text(des_pg_error_hint(result)))
    }
}

extension String {
    /// The lines without blanks around them, joined by a blank.
    var trimmedLines: String {
        split(whereSeparator: \.isNewline).map { line in
            String(line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }.filter { !$0.isEmpty }.joined(separator: " ")
    }
}
