import Synchronization

/// A place in the pipeline where something can go wrong.
enum PipelinePoint: String, Sendable, CaseIterable {
    case page, recoveryLookup, locationLookup
    /// The transaction is not committed, or it is, but the answer is lost.
    case markBefore, markAfter
    case attributes
    case publishBefore, publishAfter
    case list, create
    /// Nothing is written, or half of it.
    case writeBefore, writeHalf
    case sync, folderSync
    case renameBefore, renameAfter
    case removeBefore, removeAfter
    case sourceRead
    case deleteBefore, deleteAfter
}

/// Makes the n-th passage through a point fail, and looks around at every point.
final class PipelineFaults: Sendable {
    enum Kind: String, Sendable {
        /// That call fails.
        case once
        /// That call fails in a way that another try can mend; where there is no such way, it fails like `once`.
        case passing
        /// That call and all later ones at the same points fail.
        case persistent
        /// The process ends there: nothing is done from then on.
        case death
        /// That call works, but the task is cancelled: a second signal.
        case cancellation
    }

    private struct State {
        var passages = 0
        var hasStruck = false
        var isDead = false
        var problems: [String] = []
    }

    let points: Set<PipelinePoint>
    let occurrence: Int
    let kind: Kind
    /// Ends when the process dies or `finish` is called.
    let deaths: AsyncStream<Void>
    private let deathContinuation: AsyncStream<Void>.Continuation
    private let state = Mutex(State())
    private let audit: @Sendable (PipelinePoint) -> [String]

    /// - Parameters:
    ///   - occurrence: which passage fails, from 1.
    ///   - audit: looks around before each passage, and gives what it does not like.
    init(
        at points: Set<PipelinePoint>, occurrence: Int = 1, kind: Kind,
        audit: @escaping @Sendable (PipelinePoint) -> [String] = { _ in [] }
    ) {
        self.points = points
        self.occurrence = occurrence
        self.kind = kind
        self.audit = audit
        (deaths, deathContinuation) = AsyncStream.makeStream()
    }

    /// No faults, but something done at each passage through one point.
    static func hook(
        _ point: PipelinePoint, _ body: @escaping @Sendable () -> Void
    ) -> PipelineFaults {
        PipelineFaults(at: [], kind: .once) { passed in
            if passed == point { body() }
            return []
        }
    }

    /// The same at the first passage only.
    static func hookOnce(
        _ point: PipelinePoint, _ body: @escaping @Sendable () -> Void
    ) -> PipelineFaults {
        let isDone = PipelineLocked(false)
        return hook(point) {
            let isFirst = isDone.change { done -> Bool in
                defer { done = true }
                return !done
            }
            if isFirst { body() }
        }
    }

    /// Whether the fault has happened.
    var hasStruck: Bool { state.withLock { $0.hasStruck } }

    var isDead: Bool { state.withLock { $0.isDead } }

    /// Whether the run is to end at once.
    var endsRun: Bool { isDead || (kind == .cancellation && hasStruck) }

    /// Whether a fault of this kind is worth another try.
    var isPassing: Bool { kind == .passing }

    /// What the audits found.
    var problems: [String] { state.withLock { $0.problems } }

    /// Whether the call at this point is to fail.
    func strike(_ point: PipelinePoint) -> Bool {
        if isDead { return true }
        let found = audit(point)
        let (strikes, ends) = state.withLock { state -> (Bool, Bool) in
            state.problems += found.map { "at \(point.rawValue): \($0)" }
            if state.isDead { return (true, false) }
            guard points.contains(point) else { return (false, false) }
            state.passages += 1
            guard state.passages == occurrence || (kind == .persistent && state.passages > occurrence) else {
                return (false, false)
            }
            state.hasStruck = true
            state.isDead = kind == .death
            return (kind != .cancellation, kind == .death || kind == .cancellation)
        }
        if ends { finish() }
        return strikes
    }

    /// Nobody waits for a death any longer.
    func finish() { deathContinuation.finish() }
}
