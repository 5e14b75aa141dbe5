import DESBase
import Dispatch
import Synchronization
import Testing

@testable import DESMigration

@Suite struct PipelineThreadTests {
    /// Runs jobs elsewhere than on threads of ours.
    private final class Queue: ThreadFactory.Queue {
        private let queue: DispatchQueue

        init(_ name: String, count: Int) {
            queue = DispatchQueue(label: name, attributes: count > 1 ? .concurrent : [])
        }

        func enqueue(_ job: @escaping @Sendable () -> Void) { queue.async(execute: job) }

        func stop() {}
    }

    @Test func `a migration makes its threads with what the world has for that`() async throws {
        let fixture = try PipelineFixture()
        for day in 0..<3 { try fixture.add(day: day) }
        try fixture.add(bytes: Array(repeating: 7, count: 5000))
        let made = Mutex<Set<String>>([])
        var world = try fixture.world()
        world.threads = ThreadFactory { name, count in
            made.withLock { _ = $0.insert(name) }
            return Queue(name, count: count)
        }
        let outcome = try await fixture.run(in: world)
        #expect(outcome.result.filesMigrated == 4)
        #expect(
            made.withLock { $0 }
                == ["des-read", "des-compress", "des-seal", "des-files", "des-writeback", "des-append"])
    }
}
