import DESBase
import DESRouting
import DESStorage

/// The parts of a store, each of which holds big files beside its own shards; numbered from 0.
actor StoreParts {
    private let store: any ObjectStore
    private(set) var stores: [any ObjectStore] = []
    private var numbers: [ByteString: Int] = [:]

    /// Finds the parts that shards with that number of bits go to.
    init(of store: any ObjectStore, bits: ShardBits) {
        self.store = store
        var stores: [any ObjectStore] = []
        var numbers: [ByteString: Int] = [:]
        for index in 0..<bits.shardCount {
            let part = store.part(of: ShardKey(dayNumber: 0, shardIndex: index, bits: bits).namePrefix)
            guard numbers[ByteString(part.name)] == nil else { continue }
            numbers[ByteString(part.name)] = stores.count
            stores.append(part)
        }
        self.stores = stores
        self.numbers = numbers
    }

    /// The number of the part in which a shard is.
    func number(of shard: String) -> Int {
        let part = store.part(of: shard)
        if let number = numbers[ByteString(part.name)] { return number }
        numbers[ByteString(part.name)] = stores.count
        stores.append(part)
        return stores.count - 1
    }
}
