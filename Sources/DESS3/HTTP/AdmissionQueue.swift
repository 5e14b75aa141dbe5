/// Decides which requests may start: at most a number in flight for each host, the rest in the order they came.
struct AdmissionQueue<Request: AnyObject> {
    private struct Host {
        var inFlight = 0
        var waiting: [Request] = []
        /// Index of the first in `waiting` that still waits.
        var first = 0

        var isIdle: Bool { inFlight == 0 && first == waiting.count }

        mutating func next() -> Request? {
            guard first < waiting.count else { return nil }
            let request = waiting[first]
            first += 1
            // Given up in steps, so that a long queue is not moved for each request.
            if first == waiting.count || first >= 256 {
                waiting.removeFirst(first)
                first = 0
            }
            return request
        }
    }

    private let limit: Int
    private var hosts: [String: Host] = [:]

    /// - Parameter limit: most requests in flight for one host, at least 1.
    init(limit: Int) { self.limit = max(1, limit) }

    /// A request has come. Returns whether it starts now; else it waits.
    mutating func submit(_ request: Request, host: String) -> Bool {
        var state = hosts.removeValue(forKey: host) ?? Host()
        defer { hosts[host] = state }
        if state.inFlight < limit {
            state.inFlight += 1
            return true
        }
        state.waiting.append(request)
        return false
    }

    /// A request in flight has ended. Returns the one that starts in its place.
    mutating func finished(host: String) -> Request? {
        guard var state = hosts.removeValue(forKey: host) else { return nil }
        let next = state.next()
        if next == nil { state.inFlight -= 1 }
        // Hosts come and go (redirects); an idle one leaves nothing behind.
        if !state.isIdle { hosts[host] = state }
        return next
    }

    /// Takes a request out that waits; false if it does not.
    mutating func withdraw(_ request: Request, host: String) -> Bool {
        guard
            let index = hosts[host]?.waiting.indices.first(where: { index in
                index >= (hosts[host]?.first ?? 0) && hosts[host]?.waiting[index] === request
            })
        else { return false }
        hosts[host]?.waiting.remove(at: index)
        return true
    }

    /// Takes out all that wait.
    mutating func withdrawAll() -> [Request] {
        var all: [Request] = []
        for name in hosts.keys {
            while let request = hosts[name]?.next() { all.append(request) }
        }
        return all
    }
}
