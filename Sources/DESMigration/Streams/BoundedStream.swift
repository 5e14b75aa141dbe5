import DESTelemetry
import Synchronization

/// Joins two stages: any number of producers and consumers, bounded by the weight of what waits in it.
///
/// A producer's element is taken in at once and the producer then waits while the stream is at its limit, so at most one
/// element a producer is in excess. Whoever owns the producers calls `finish` after the last of them.
final class BoundedStream<Element: Sendable>: Sendable {
    /// Resumed with nothing when the stream ends or, for a producer, when there is room.
    private typealias Waiter = CheckedContinuation<[Element]?, any Error>

    private struct Protected {
        var state: BoundedStreamState<Element>
        var waiters: [UInt64: Waiter] = [:]
    }

    private let protected: Mutex<Protected>
    private let weigh: @Sendable (Element) -> Int

    /// - Parameters:
    ///   - limit: weight at which producers wait, in the unit of `weigh`, mostly bytes.
    ///   - weigh: weight of an element.
    init(limit: Int, weigh: @escaping @Sendable (Element) -> Int) {
        protected = Mutex(Protected(state: BoundedStreamState(limit: limit)))
        self.weigh = weigh
    }

    /// What waits for the stage that takes from it.
    func queue(before stage: PipelineStage) -> QueueState {
        protected.withLock { QueueState(stage: stage, count: $0.state.count, isFull: !$0.state.hasRoom) }
    }

    /// Whether nothing more comes.
    var isFinished: Bool { protected.withLock { $0.state.isFinished } }

    /// Hands the element on, and waits while the stream is at its limit. After `finish` the element is dropped.
    ///
    /// - Throws: `CancellationError`; the element may have been delivered all the same.
    func send(_ element: Element) async throws {
        let weight = weigh(element)
        let (mustWait, consumer) = protected.withLock { protected -> (Bool, (waiter: Waiter, elements: [Element])?) in
            switch protected.state.send(element, weight: weight) {
            case .proceed, .refuse: return (false, nil)
            case .waitForRoom: return (true, nil)
            case .deliver(let elements, let id):
                return (false, protected.waiters.removeValue(forKey: id).map { ($0, elements) })
            }
        }
        consumer?.waiter.resume(returning: consumer?.elements)
        if mustWait {
            _ = try await wait { protected, id in protected.state.addProducer(id) ? nil : .some(nil) }
        } else {
            try Task.checkCancellation()
        }
    }

    /// Hands the element on if that is possible without waiting, else drops it.
    func offer(_ element: Element) {
        let weight = weigh(element)
        let consumer = protected.withLock { protected -> (waiter: Waiter, elements: [Element])? in
            guard protected.state.hasRoom,
                case .deliver(let elements, let id) = protected.state.send(element, weight: weight)
            else { return nil }
            return protected.waiters.removeValue(forKey: id).map { ($0, elements) }
        }
        consumer?.waiter.resume(returning: consumer?.elements)
    }

    /// The next element; nil at the end.
    func next() async throws -> Element? { try await nextGroup(atMost: 1)?.first }

    /// What is there, at least one element and at most that many; nil at the end.
    func nextGroup(atMost maximum: Int) async throws -> [Element]? {
        try Task.checkCancellation()
        var resumed: [Waiter] = []
        let taken = protected.withLock { Self.receive(&$0, atMost: maximum, resuming: &resumed) }
        for producer in resumed { producer.resume(returning: nil) }
        if let taken { return taken }
        return try await wait { protected, id in
            var resumed: [Waiter] = []
            let taken = Self.receive(&protected, atMost: maximum, resuming: &resumed)
            if taken == nil { protected.state.addConsumer(id) }
            // Resuming only schedules the producers, so it may be done under the lock.
            for producer in resumed { producer.resume(returning: nil) }
            return taken
        }
    }

    /// Nothing more comes; consumers get what is queued, then the end.
    func finish() {
        let waiters = protected.withLock { protected in
            protected.state.finish().compactMap { protected.waiters.removeValue(forKey: $0) }
        }
        for waiter in waiters { waiter.resume(returning: nil) }
    }

    /// Nil when it has to wait; an inner nil is the end.
    private static func receive(
        _ protected: inout Protected, atMost maximum: Int, resuming resumed: inout [Waiter]
    ) -> [Element]?? {
        switch protected.state.receive(atMost: maximum) {
        case .wait: return nil
        case .end: return .some(nil)
        case .take(let elements, let producers):
            resumed = producers.compactMap { protected.waiters.removeValue(forKey: $0) }
            return elements
        }
    }

    /// Waits unless `register` has a result at once. What it registers under the given number is resumed by the other side.
    private func wait(
        _ register: (inout Protected, UInt64) -> [Element]??
    ) async throws -> [Element]? {
        let id = protected.withLock { $0.state.newWaiter() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: Waiter) in
                let outcome = protected.withLock { protected -> Result<[Element]?, any Error>? in
                    // Under the lock: the handler below either comes after this and finds the waiter, or came before.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    if let result = register(&protected, id) { return .success(result) }
                    protected.waiters[id] = waiter
                    return nil
                }
                if let outcome { waiter.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = protected.withLock { protected in
                protected.state.remove(id)
                return protected.waiters.removeValue(forKey: id)
            }
            waiter?.resume(throwing: CancellationError())
        }
    }
}
