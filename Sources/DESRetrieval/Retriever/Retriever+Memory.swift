import DESBase

extension Retriever {
    /// How long a request waits for memory. Others hold it until their clients have taken what is in it, which may be long.
    private static let longestWait = Duration.seconds(30)

    static let noMemory = RetrievalError(
        .overloaded, "other requests hold the memory that there is for files (DES_MEMORY_BYTES); try again later")

    package var isCrowded: Bool { memory.hasWaiters }

    /// Waits until there is memory for so many bytes; a few do not wait.
    ///
    /// - Returns: what is to be given back.
    /// - Throws: `RetrievalError`; `overloaded` if there is none for too long.
    func admit(_ bytes: Int) async throws(RetrievalError) -> Int {
        if let held = admitNow(bytes) { return held }
        let held = await withTaskGroup(of: Int?.self) { group in
            group.addTask { try? await self.memory.acquire(bytes) }
            group.addTask {
                try? await self.pause(Self.longestWait)
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            // Whoever was let in just when the time was over is in.
            let second = await group.next() ?? nil
            return first ?? second
        }
        if let held { return held }
        guard !Task.isCancelled else { throw RetrievalError(.unavailable, "the request was cancelled") }
        throw Self.noMemory
    }

    /// As ``admit(_:)``, without waiting; nil if there is no room.
    func admitNow(_ bytes: Int) -> Int? { bytes > RetrieverSettings.smallFile ? memory.acquireNow(bytes) : 0 }
}
