/// What a bounded stream decides: who waits, who goes on, and with what. Knows no tasks; those that wait are numbers.
struct BoundedStreamState<Element> {
    typealias WaiterID = UInt64

    enum SendAction {
        /// Room is left; the producer goes on.
        case proceed
        /// The elements go to a consumer that waits, and the producer goes on.
        case deliver([Element], to: WaiterID)
        /// The element is in, but now the producer has to wait until there is room.
        case waitForRoom
        /// The stream has ended; the element is dropped.
        case refuse
    }

    enum ReceiveAction {
        /// The elements, and the producers that may go on.
        case take([Element], resuming: [WaiterID])
        case end
        /// There is nothing yet.
        case wait
    }

    private let limit: Int
    /// What was taken is nil, so that nothing of it is kept until its place is cleared.
    private var queue: [(element: Element?, weight: Int)] = []
    private var head = 0
    private var producers: [WaiterID] = []
    private var consumers: [WaiterID] = []
    private var lastID: WaiterID = 0
    private(set) var weight = 0
    private(set) var isFinished = false

    /// - Parameter limit: weight at which producers begin to wait.
    init(limit: Int) { self.limit = max(1, limit) }

    var count: Int { queue.count - head }

    /// Whether a producer could go on at once.
    var hasRoom: Bool { weight < limit }

    /// A number for somebody who may have to wait.
    mutating func newWaiter() -> WaiterID {
        lastID += 1
        return lastID
    }

    mutating func send(_ element: Element, weight added: Int) -> SendAction {
        guard !isFinished else { return .refuse }
        if !consumers.isEmpty { return .deliver([element], to: consumers.removeFirst()) }
        queue.append((element, added))
        weight += added
        return weight < limit ? .proceed : .waitForRoom
    }

    /// False if there is room by now, so that there is nothing to wait for.
    mutating func addProducer(_ id: WaiterID) -> Bool {
        guard weight >= limit, !isFinished else { return false }
        producers.append(id)
        return true
    }

    /// - Parameter maximum: how many elements to take at most, of those that are there.
    mutating func receive(atMost maximum: Int) -> ReceiveAction {
        guard count > 0 else { return isFinished ? .end : .wait }
        let taken = min(max(1, maximum), count)
        var elements: [Element] = []
        for place in head..<(head + taken) {
            weight -= queue[place].weight
            if let element = queue[place].element.take() { elements.append(element) }
        }
        head += taken
        if head == queue.count || head > 64 {
            queue.removeFirst(head)
            head = 0
        }
        guard weight < limit else { return .take(elements, resuming: []) }
        defer { producers.removeAll() }
        return .take(elements, resuming: producers)
    }

    mutating func addConsumer(_ id: WaiterID) { consumers.append(id) }

    /// Nothing more comes: gives all who wait. What is queued can still be taken.
    mutating func finish() -> [WaiterID] {
        isFinished = true
        defer {
            consumers.removeAll()
            producers.removeAll()
        }
        return consumers + producers
    }

    /// Somebody waits no longer.
    mutating func remove(_ id: WaiterID) {
        producers.removeAll { $0 == id }
        consumers.removeAll { $0 == id }
    }
}

extension BoundedStreamState.SendAction: Equatable where Element: Equatable {}
extension BoundedStreamState.ReceiveAction: Equatable where Element: Equatable {}
