/// Who uses which of a fixed number of slots, and who waits. Knows no connections: the pool asks, then acts.
struct PoolState: Sendable {
    /// What to do with a waiter that has been given a slot.
    struct Handover: Equatable {
        let waiter: Int
        let slot: Int
    }

    private var free: [Int]
    /// In the order of their coming.
    private var waiters: [Int] = []

    init(slots: Int) {
        // The one that was used last is used next: the others may stay unopened.
        free = Array((0..<slots).reversed())
    }

    /// Asks for a slot: returns one that is free, or nil: the waiter is in the queue then.
    mutating func acquire(waiter: Int) -> Int? {
        if let slot = free.popLast() { return slot }
        waiters.append(waiter)
        return nil
    }

    /// Gives a slot back: to the one that waits longest, if somebody does.
    mutating func release(slot: Int) -> Handover? {
        guard !waiters.isEmpty else {
            free.append(slot)
            return nil
        }
        return Handover(waiter: waiters.removeFirst(), slot: slot)
    }

    /// Takes a waiter out of the queue; false if it is not in it, since it has been given a slot.
    mutating func giveUp(waiter: Int) -> Bool {
        guard let index = waiters.firstIndex(of: waiter) else { return false }
        waiters.remove(at: index)
        return true
    }
}
