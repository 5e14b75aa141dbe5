import DESBase

/// Lets the kernel begin to write open shards to the device while they still grow, so that sealing does not wait for all of
/// it at the end. Only for speed: nothing depends on it, and what comes too fast is left out.
struct WritebackStage: Sendable {
    let threads: ThreadPool

    /// Ends when the input has ended.
    func run(_ input: BoundedStream<any StagingFile>) async throws {
        while let files = try await input.nextGroup(atMost: 64) {
            try await threads.run {
                for file in files { file.startWriteback() }
            }
        }
    }
}
