/// Runs several workers of one stage, each until its input has ended.
///
/// - Parameters:
///   - count: how many there are.
///   - executor: the threads they run on; nil: the cooperative pool, for work that does not block.
/// - Throws: the first error of a worker; the others are cancelled then.
func runWorkers(
    _ count: Int, on executor: (any TaskExecutor)? = nil, _ work: @escaping @Sendable () async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<count { group.addTask(executorPreference: executor) { try await work() } }
        try await group.waitForAll()
    }
}
