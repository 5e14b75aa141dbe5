import DESRetrieval
import Synchronization

/// Knows whether the store answers, without asking it for each probe.
///
/// One task asks the store, when somebody wants to know and the last answer is old; those who want to know wait for it, but
/// not longer than the deadline. So a store that hangs makes a probe fail in time and is never asked twice at once.
final class StoreProbe: Sendable {
    private struct State {
        var problem: String?
        var answeredAt: ContinuousClock.Instant?
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var nextWaiter = 0
        /// Whose wait ended before it began.
        var cancelled: Set<Int> = []
    }

    private let retriever: any FileRetrieving
    private let validity: Duration
    private let deadline: Duration
    private let state = Mutex(State())
    private let questions: AsyncStream<Void>
    private let ask: AsyncStream<Void>.Continuation

    /// - Parameters:
    ///   - validity: how long an answer is good for.
    ///   - deadline: how long somebody waits for one.
    init(retriever: any FileRetrieving, validity: Duration = .seconds(2), deadline: Duration = .seconds(2)) {
        self.retriever = retriever
        self.validity = validity
        self.deadline = deadline
        (questions, ask) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Asks the store when it is wanted, until the task is cancelled.
    func run() async {
        for await _ in questions {
            guard !isFresh else { continue }
            let problem: String?
            do {
                try await retriever.checkStore()
                problem = nil
            } catch {
                problem = "the store cannot be read: \(error.code)"
            }
            let waiting = state.withLock { state in
                state.problem = problem
                state.answeredAt = .now
                defer { state.waiting = [:] }
                return state.waiting.values
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    /// Why the store cannot be read, for people; nil if it can.
    func problem() async -> String? {
        if !isFresh {
            ask.yield()
            await withTaskGroup { group in
                group.addTask { await self.wait() }
                group.addTask { try? await Task.sleep(for: self.deadline) }
                await group.next()
                group.cancelAll()
            }
        }
        return state.withLock { state in
            isFresh(state) ? state.problem : "the store does not answer in time"
        }
    }

    private var isFresh: Bool { state.withLock { isFresh($0) } }

    private func isFresh(_ state: borrowing State) -> Bool {
        guard let answeredAt = state.answeredAt else { return false }
        return answeredAt.duration(to: .now) < validity
    }

    private func wait() async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if state.cancelled.remove(id) != nil || isFresh(state) { return true }
                    state.waiting[id] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let continuation = state.withLock { state in
                let continuation = state.waiting.removeValue(forKey: id)
                if continuation == nil, !isFresh(state) { state.cancelled.insert(id) }
                return continuation
            }
            continuation?.resume()
        }
        state.withLock { _ = $0.cancelled.remove(id) }
    }
}
