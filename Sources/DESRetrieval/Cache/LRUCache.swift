/// Values with a cost each, bounded in their sum; when there is too much, those go that were not used for the longest time.
///
/// A value type without locks; whoever owns it guards it. Every operation takes constant time, apart from what is evicted.
struct LRUCache<Key: Hashable, Value> {
    private struct Node {
        let key: Key
        let value: Value
        let cost: Int
    }

    /// Apart from the nodes, so that moving one does not touch its value.
    private struct Link {
        var newer = none
        var older = none
    }

    private static var none: Int { -1 }

    private var places: [Key: Int] = [:]
    private var nodes: [Node?] = []
    private var links: [Link] = []
    private var free: [Int] = []
    private var newest = none
    private var oldest = none

    /// Sum of the costs of what is in.
    private(set) var cost = 0
    let capacity: Int
    let largestCount: Int

    /// - Parameters:
    ///   - capacity: of the sum of costs.
    ///   - largestCount: of values, whatever they cost.
    init(capacity: Int, largestCount: Int = .max) {
        self.capacity = max(0, capacity)
        self.largestCount = max(1, largestCount)
    }

    var count: Int { places.count }

    /// The value of a key, which thereby becomes the one used last.
    mutating func value(of key: Key) -> Value? {
        guard let place = places[key] else { return nil }
        if place != newest {
            unlink(place)
            linkNewest(place)
        }
        return nodes[place]?.value
    }

    /// Puts a value in, or replaces it. One that costs more than all may is not kept.
    ///
    /// - Returns: what had to go, which the caller may free outside of its lock.
    mutating func insert(_ value: Value, cost: Int, for key: Key) -> [Value] {
        var gone = removeValue(of: key).map { [$0] } ?? []
        guard cost <= capacity else { return gone + [value] }
        let node = Node(key: key, value: value, cost: cost)
        let place: Int
        if let reused = free.popLast() {
            nodes[reused] = node
            place = reused
        } else {
            nodes.append(node)
            links.append(Link())
            place = nodes.count - 1
        }
        places[key] = place
        self.cost += cost
        linkNewest(place)
        while self.cost > capacity || places.count > largestCount, oldest != Self.none, let key = nodes[oldest]?.key,
            let value = removeValue(of: key)
        {
            gone.append(value)
        }
        return gone
    }

    @discardableResult
    mutating func removeValue(of key: Key) -> Value? {
        guard let place = places.removeValue(forKey: key), let node = nodes[place] else { return nil }
        unlink(place)
        nodes[place] = nil
        free.append(place)
        cost -= node.cost
        return node.value
    }

    private mutating func unlink(_ place: Int) {
        let link = links[place]
        if link.newer != Self.none { links[link.newer].older = link.older } else { newest = link.older }
        if link.older != Self.none { links[link.older].newer = link.newer } else { oldest = link.newer }
    }

    private mutating func linkNewest(_ place: Int) {
        links[place] = Link(newer: Self.none, older: newest)
        if newest != Self.none { links[newest].newer = place } else { oldest = place }
        newest = place
    }
}
