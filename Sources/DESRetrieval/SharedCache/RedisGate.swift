/// Whether Redis is asked now and by which connection, and what is told of its failures. Knows no connections and no clock:
/// events in, what is to be done out.
struct RedisGate: Sendable {
    /// Lets one question in. It is reported once: as ended, or as given up.
    struct Pass: Sendable, Hashable {
        /// The number of the connection.
        let worker: Int
        fileprivate let connecting: CircuitBreaker.Permit
        /// Of a value that is to be kept; nil: one is looked for.
        fileprivate let writing: CircuitBreaker.Permit?
    }

    /// What the observer is told: not more than once a pause.
    struct Notice: Sendable, Equatable {
        let error: RedisError
        /// Until the next try; nil if there is no pause.
        let pause: Duration?
    }

    private let mostReads: Int
    private let mostValues: Int
    private var connecting = CircuitBreaker()
    private var writing = CircuitBreaker()
    private var foreignNoticeDue: Duration?
    private var reads = 0
    private var values = 0
    /// How much each connection is at, or has waiting for it.
    private var loads: [Int]

    private static let foreignNoticePause = Duration.seconds(30)

    /// - Parameters:
    ///   - waitingReads: besides those that connections are at.
    ///   - waitingValues: besides the one that is being kept.
    init(workers: Int, waitingReads: Int, waitingValues: Int) {
        mostReads = workers + waitingReads
        mostValues = 1 + waitingValues
        loads = Array(repeating: 0, count: workers)
    }

    /// Somebody looks for a value; nil: not now.
    mutating func admitRead(at now: Duration) -> Pass? {
        guard reads < mostReads, let worker = loads.indices.min(by: { loads[$0] < loads[$1] }),
            let permit = connecting.admit(at: now)
        else { return nil }
        reads += 1
        loads[worker] += 1
        return Pass(worker: worker, connecting: permit, writing: nil)
    }

    /// Somebody has a value to keep; nil: not now. All values take one connection, so that another is left to the reads.
    mutating func admitValue(at now: Duration) -> Pass? {
        // Whether the server works again is found out by reads.
        guard values < mostValues, connecting.isClosed, let permit = connecting.admit(at: now),
            let writePermit = writing.admit(at: now)
        else { return nil }
        let worker = loads.count - 1
        values += 1
        loads[worker] += 1
        return Pass(worker: worker, connecting: permit, writing: writePermit)
    }

    /// Whether the server is still to be asked: a failure sends away all who wait.
    func isValid(_ pass: Pass) -> Bool {
        connecting.isValid(pass.connecting) && pass.writing.map { writing.isValid($0) } ?? true
    }

    /// The server was asked.
    mutating func ended(_ pass: Pass, _ error: RedisError?, at now: Duration, random: Double) -> Notice? {
        leave(pass)
        if let error, error.kind == .unusable {
            if let permit = pass.writing { writing.abandoned(permit, at: now) }
            return failed(pass, error, at: now, random: random)
        }
        connecting.succeeded(pass.connecting)
        switch (error, pass.writing) {
        case (let error?, let permit?):
            return writing.failed(permit, at: now, random: random).map { Notice(error: error, pause: $0) }
        case (let error?, nil):
            if let due = foreignNoticeDue, now < due { return nil }
            foreignNoticeDue = now + Self.foreignNoticePause
            return Notice(error: error, pause: nil)
        case (nil, let permit):
            if let permit { writing.succeeded(permit) }
            return nil
        }
    }

    /// The server was not asked, as the pass was not valid any more.
    mutating func givenUp(_ pass: Pass, at now: Duration) {
        leave(pass)
        if let permit = pass.writing { writing.abandoned(permit, at: now) }
    }

    /// Who looks for a value has waited long enough, whether a connection is at it or not.
    mutating func failed(_ pass: Pass, _ error: RedisError, at now: Duration, random: Double) -> Notice? {
        connecting.failed(pass.connecting, at: now, random: random).map { Notice(error: error, pause: $0) }
    }

    private mutating func leave(_ pass: Pass) {
        if pass.writing == nil { reads -= 1 } else { values -= 1 }
        loads[pass.worker] -= 1
    }
}
