/// Who may ask the shared cache, who waits for a connection, and who is sent away. Knows no connections, no clock and no
/// continuations: events in, what is to be done out.
struct SharedCacheLine: Sendable {
    /// A value is looked for, and somebody waits for it.
    struct Read: Sendable, Hashable {
        let id: Int
        let key: String
        fileprivate let permit: CircuitBreaker.Permit
    }

    /// A value is to be kept, and nobody waits for that.
    struct Keep: Sendable, Hashable {
        let key: String
        let value: [UInt8]
        fileprivate let permit: CircuitBreaker.Permit
        fileprivate let writePermit: CircuitBreaker.Permit
    }

    enum Job: Sendable, Hashable {
        case read(Read)
        case keep(Keep)
    }

    /// A worker that was idle gets something to do.
    struct Handover: Sendable, Hashable {
        let worker: Int
        let job: Job
    }

    /// What follows from a failure.
    struct Aftermath: Sendable, Equatable {
        /// Reads that waited, and go on without the cache now.
        var released: [Int] = []
        /// What the observer is told: not more than once a pause.
        var notice: Notice?
    }

    struct Notice: Sendable, Equatable {
        let error: RedisError
        /// Until the next try; nil if there is no pause.
        let pause: Duration?
    }

    private let waitingReads: Int
    private let waitingValues: Int
    /// One worker is left to the reads, if there are several.
    private let keepsAtOnce: Int
    private var connecting = CircuitBreaker()
    private var writing = CircuitBreaker()
    private var foreignNoticeDue: Duration?
    private var reads: [Read] = []
    private var keeps: [Keep] = []
    private var runningKeeps = 0
    private var idleWorkers: [Int] = []
    private var lastID = 0

    static let foreignNoticePause = Duration.seconds(30)

    init(workers: Int, waitingReads: Int, waitingValues: Int) {
        self.waitingReads = waitingReads
        self.waitingValues = waitingValues
        keepsAtOnce = max(1, workers - 1)
    }

    /// Somebody looks for a value; nil: not now.
    mutating func admitRead(_ key: String, at now: Duration) -> (read: Read, handover: Handover?)? {
        guard !idleWorkers.isEmpty || reads.count < waitingReads, let permit = connecting.admit(at: now) else {
            return nil
        }
        lastID += 1
        let read = Read(id: lastID, key: key, permit: permit)
        if let worker = idleWorkers.popLast() { return (read, Handover(worker: worker, job: .read(read))) }
        reads.append(read)
        return (read, nil)
    }

    /// Somebody has a value to keep. It is kept later, or not at all.
    mutating func admitKeep(_ value: [UInt8], key: String, at now: Duration) -> Handover? {
        // Whether the server works again is found out by reads, which always report.
        guard keeps.count < waitingValues, connecting.isClosed, let permit = connecting.admit(at: now),
            let writePermit = writing.admit(at: now)
        else { return nil }
        keeps.append(Keep(key: key, value: value, permit: permit, writePermit: writePermit))
        guard runningKeeps < keepsAtOnce, let worker = idleWorkers.popLast() else { return nil }
        return Handover(worker: worker, job: .keep(takeKeep()))
    }

    /// A worker has nothing to do; nil: it is called when there is something.
    mutating func next(for worker: Int) -> Job? {
        if !reads.isEmpty { return .read(reads.removeFirst()) }
        if !keeps.isEmpty, runningKeeps < keepsAtOnce { return .keep(takeKeep()) }
        idleWorkers.append(worker)
        return nil
    }

    /// A worker has asked the server for a value.
    mutating func ended(_ read: Read, _ error: RedisError?, at now: Duration, random: Double) -> Aftermath {
        guard let error else {
            connecting.succeeded(read.permit)
            return Aftermath()
        }
        guard error.kind == .foreignValue else { return failed(read.permit, error, at: now, random: random) }
        connecting.succeeded(read.permit)
        if let due = foreignNoticeDue, now < due { return Aftermath() }
        foreignNoticeDue = now + Self.foreignNoticePause
        return Aftermath(notice: Notice(error: error, pause: nil))
    }

    /// A worker has sent a value to the server.
    mutating func ended(_ keep: Keep, _ error: RedisError?, at now: Duration, random: Double) -> Aftermath {
        runningKeeps -= 1
        guard let error else {
            writing.succeeded(keep.writePermit)
            connecting.succeeded(keep.permit)
            return Aftermath()
        }
        guard error.kind == .valueRefused else {
            writing.abandoned(keep.writePermit, at: now)
            return failed(keep.permit, error, at: now, random: random)
        }
        connecting.succeeded(keep.permit)
        guard let pause = writing.failed(keep.writePermit, at: now, random: random) else { return Aftermath() }
        keeps.removeAll()
        return Aftermath(notice: Notice(error: error, pause: pause))
    }

    /// Who looked for a value has waited long enough, whether a worker is at it or not.
    mutating func timedOut(_ read: Read, _ error: RedisError, at now: Duration, random: Double) -> Aftermath {
        reads.removeAll { $0.id == read.id }
        return failed(read.permit, error, at: now, random: random)
    }

    /// Who looked for a value does not want it any more.
    mutating func cancelled(_ read: Read, at now: Duration) {
        // If a worker is at it, that one reports.
        guard let index = reads.firstIndex(where: { $0.id == read.id }) else { return }
        reads.remove(at: index)
        connecting.abandoned(read.permit, at: now)
    }

    private mutating func takeKeep() -> Keep {
        runningKeeps += 1
        return keeps.removeFirst()
    }

    private mutating func failed(
        _ permit: CircuitBreaker.Permit, _ error: RedisError, at now: Duration, random: Double
    ) -> Aftermath {
        guard let pause = connecting.failed(permit, at: now, random: random) else { return Aftermath() }
        let released = reads.map(\.id)
        reads.removeAll()
        for keep in keeps { writing.abandoned(keep.writePermit, at: now) }
        keeps.removeAll()
        return Aftermath(released: released, notice: Notice(error: error, pause: pause))
    }
}
