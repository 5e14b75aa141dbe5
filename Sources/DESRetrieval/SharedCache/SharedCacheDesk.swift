import Synchronization

/// Where those who look for values and the workers meet. What happens is decided by ``SharedCacheLine``, and carried out
/// here.
final class SharedCacheDesk: Sendable {
    private enum Reader {
        /// Admitted, and does not wait yet. Becomes waiting or answered.
        case expected
        case waiting(CheckedContinuation<[UInt8]?, Never>)
        case answered([UInt8]?)
    }

    private struct State {
        var line: SharedCacheLine
        var readers: [Int: Reader] = [:]
        var workers: [Int: CheckedContinuation<SharedCacheLine.Job?, Never>] = [:]
        var isClosed = false
    }

    private let state: Mutex<State>
    private let timing: RedisTiming
    private let tell: @Sendable (SharedCacheLine.Notice) -> Void

    init(_ line: SharedCacheLine, _ timing: RedisTiming, tell: @escaping @Sendable (SharedCacheLine.Notice) -> Void) {
        state = Mutex(State(line: line))
        self.timing = timing
        self.tell = tell
    }

    /// Asks to look for a value; nil: not now. Who is admitted must call ``answer(to:)``.
    func admitRead(_ key: String) -> SharedCacheLine.Read? {
        let (read, wake) = state.withLock { state -> (SharedCacheLine.Read?, Wake?) in
            guard let (read, handover) = state.line.admitRead(key, at: timing.elapsed()) else { return (nil, nil) }
            state.readers[read.id] = .expected
            return (read, Self.wake(for: handover, &state))
        }
        wake?()
        return read
    }

    /// Waits for the value; nil if there is none, it cannot be had, or the task is cancelled.
    func answer(to read: SharedCacheLine.Read) async -> [UInt8]? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: [UInt8]?? = state.withLock { state in
                    switch state.readers.removeValue(forKey: read.id) {
                    case .expected:
                        state.readers[read.id] = .waiting(continuation)
                        return nil
                    case .answered(let value): return .some(value)
                    case .waiting, nil: return .some(nil)
                    }
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            let waiting = state.withLock { state -> CheckedContinuation<[UInt8]?, Never>? in
                state.line.cancelled(read, at: timing.elapsed())
                guard case .waiting(let continuation) = state.readers.removeValue(forKey: read.id) else { return nil }
                return continuation
            }
            waiting?.resume(returning: nil)
        }
    }

    /// The reader has waited long enough.
    func timedOut(_ read: SharedCacheLine.Read, _ error: RedisError) {
        finish(read.id, nil) { $0.timedOut(read, error, at: timing.elapsed(), random: timing.random()) }
    }

    /// Takes a value to be kept when there is time; it is dropped if too many wait.
    func keep(_ value: [UInt8], key: String) {
        let wake = state.withLock { state in
            Self.wake(for: state.line.admitKeep(value, key: key, at: timing.elapsed()), &state)
        }
        wake?()
    }

    /// What a worker is to do next; nil when the desk is closed.
    func next(
        for worker: Int, isolation: isolated (any Actor)? = #isolation
    ) async -> SharedCacheLine.Job? {
        await withCheckedContinuation(isolation: isolation) { continuation in
            let job: SharedCacheLine.Job?? = state.withLock { state in
                if state.isClosed { return .some(nil) }
                if let job = state.line.next(for: worker) { return job }
                state.workers[worker] = continuation
                return nil
            }
            if let job { continuation.resume(returning: job) }
        }
    }

    /// A worker has looked for a value.
    func ended(_ read: SharedCacheLine.Read, _ result: Result<[UInt8]?, RedisError>) {
        switch result {
        case .success(let value):
            finish(read.id, value) { $0.ended(read, nil, at: timing.elapsed(), random: timing.random()) }
        case .failure(let error):
            finish(read.id, nil) { $0.ended(read, error, at: timing.elapsed(), random: timing.random()) }
        }
    }

    /// A worker has tried to keep a value.
    func ended(_ keep: SharedCacheLine.Keep, _ error: RedisError?) {
        finish(nil, nil) { $0.ended(keep, error, at: timing.elapsed(), random: timing.random()) }
    }

    /// The workers end when they have done what they are at.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.workers = [:] }
            return Array(state.workers.values)
        }
        for worker in waiting { worker.resume(returning: nil) }
    }

    private typealias Wake = () -> Void

    private static func wake(for handover: SharedCacheLine.Handover?, _ state: inout State) -> Wake? {
        guard let handover, let worker = state.workers.removeValue(forKey: handover.worker) else { return nil }
        return { worker.resume(returning: handover.job) }
    }

    /// Answers one reader and those that are released, and tells what there is to tell.
    private func finish(
        _ reader: Int?, _ value: [UInt8]?, _ event: (inout SharedCacheLine) -> SharedCacheLine.Aftermath
    ) {
        let (notice, answers) = state.withLock { state in
            let aftermath = event(&state.line)
            var answers: [(CheckedContinuation<[UInt8]?, Never>, [UInt8]?)] = []
            for (id, value) in [reader].compactMap({ $0 }).map({ ($0, value) }) + aftermath.released.map({ ($0, nil) })
            {
                switch state.readers[id] {
                case .expected: state.readers[id] = .answered(value)
                case .waiting(let continuation):
                    state.readers[id] = nil
                    answers.append((continuation, value))
                // It has given up.
                case .answered, nil: break
                }
            }
            return (aftermath.notice, answers)
        }
        if let notice { tell(notice) }
        for (continuation, value) in answers { continuation.resume(returning: value) }
    }
}
