import DESTelemetry
import Testing

@testable import DESMigration

struct QueueStateTests {
    @Test(
        arguments: [
            ("", true, .fetch), ("", false, nil), ("validate", true, .validate), ("validate pack", true, .pack),
            ("pack upload", false, .upload), ("mark", true, .mark),
        ] as [(String, Bool, PipelineStage?)])
    func `The limit is the last stage before which a queue is full`(
        full: String, isFetching: Bool, limit: PipelineStage?
    ) {
        let queues = [PipelineStage.validate, .bigFiles, .pack, .upload, .mark, .cleanup].map { stage in
            QueueState(
                stage: stage, count: full.contains(stage.rawValue) ? 3 : 0, isFull: full.contains(stage.rawValue))
        }
        #expect(QueueState.limit(queues, isFetching: isFetching) == limit)
    }

    @Test func `At the end it is the first that has anything left`() {
        let queues = [
            QueueState(stage: .pack, count: 0, isFull: false), QueueState(stage: .upload, count: 2, isFull: false),
            QueueState(stage: .mark, count: 1, isFull: false),
        ]
        #expect(QueueState.limit(queues, isFetching: false) == .upload)
    }
}
