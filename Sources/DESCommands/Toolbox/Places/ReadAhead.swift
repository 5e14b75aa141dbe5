/// Works on elements before the results are needed, a bounded number at a time, and hands the results over in order.
enum ReadAhead {
    /// - Parameters:
    ///   - count: at most that many results are under way or waiting. It begins with one and grows by one a result, so that who
    ///     stops early has not fetched much for nothing.
    ///   - next: the next element; nil at the end.
    ///   - work: makes a result of an element.
    ///   - use: gets one result after the other; false: no more are wanted.
    /// - Throws: what `next` and `use` throw; work that is under way is cancelled then.
    static func run<Element: Sendable, Output: Sendable>(
        _ count: Int, next: () async throws -> Element?, work: @escaping @Sendable (Element) async -> Output,
        use: (Output) async throws -> Bool
    ) async throws {
        try await withThrowingTaskGroup(of: (Int, Output).self) { group in
            var waiting: [Int: Output] = [:]
            var started = 0
            var used = 0
            var isAtEnd = false
            while true {
                while !isAtEnd, started - used < min(count, used + 1) {
                    guard let element = try await next() else {
                        isAtEnd = true
                        break
                    }
                    let number = started
                    group.addTask { (number, await work(element)) }
                    started += 1
                }
                guard used < started else { return }
                while waiting[used] == nil, let (number, output) = try await group.next() { waiting[number] = output }
                guard let output = waiting.removeValue(forKey: used) else { return }
                used += 1
                guard try await use(output) else {
                    group.cancelAll()
                    return
                }
            }
        }
    }
}
