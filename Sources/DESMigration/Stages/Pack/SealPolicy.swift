/// Decides which open shards are sealed for want of room. Knows no I/O: the packer tells it of each change, asks, and acts.
struct SealPolicy: Sendable {
    /// Open shards at most.
    let maximumCount: Int
    /// Memory of all open shards together, in bytes.
    let maximumMemory: Int

    private var memory: [Int: Int] = [:]
    private(set) var totalMemory = 0

    init(maximumCount: Int, maximumMemory: Int) {
        self.maximumCount = max(1, maximumCount)
        self.maximumMemory = maximumMemory
    }

    /// An open shard, known by its number, takes this much memory now.
    mutating func update(_ shard: Int, memoryInBytes: Int) {
        totalMemory += memoryInBytes - (memory.updateValue(memoryInBytes, forKey: shard) ?? 0)
    }

    /// A shard is open no more.
    mutating func remove(_ shard: Int) {
        totalMemory -= memory.removeValue(forKey: shard) ?? 0
    }

    /// The shards to seal now: the largest, so that shards are few and large, and enough of them to last a while.
    func shardsToSeal() -> [Int] {
        guard memory.count > maximumCount || totalMemory > maximumMemory else { return [] }
        let countToKeep = memory.count > maximumCount ? maximumCount * 7 / 8 : memory.count
        let memoryToKeep = totalMemory > maximumMemory ? maximumMemory / 4 * 3 : totalMemory
        var chosen: [Int] = []
        var left = totalMemory
        let largestFirst = memory.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
        for (shard, bytes) in largestFirst where memory.count - chosen.count > countToKeep || left > memoryToKeep {
            chosen.append(shard)
            left -= bytes
        }
        return chosen
    }
}
