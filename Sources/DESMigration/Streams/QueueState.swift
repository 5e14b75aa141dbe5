import DESTelemetry

/// What waits before a stage.
struct QueueState: Sendable, Hashable {
    /// The stage that takes from it.
    let stage: PipelineStage
    var count: Int
    /// Whether those that fill it have to wait.
    var isFull: Bool

    /// The same stage takes from both, one after the other.
    func followed(by other: QueueState) -> QueueState {
        QueueState(stage: stage, count: count + other.count, isFull: isFull || other.isFull)
    }

    /// The stage that the others wait for: before it a queue is full, and none behind it is.
    ///
    /// - Parameters:
    ///   - queues: in the order of the stages.
    ///   - isFetching: whether more comes into the first.
    /// - Returns: nil if nothing waits anywhere.
    static func limit(_ queues: [QueueState], isFetching: Bool) -> PipelineStage? {
        if let full = queues.last(where: \.isFull) { return full.stage }
        return isFetching ? .fetch : queues.first { $0.count > 0 }?.stage
    }
}
