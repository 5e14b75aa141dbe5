import DESShard
import DESStorage
import DESSystem

extension Retriever {
    /// Requests that are looked up, and ranges that are read, at a time.
    private static let parallel = 16

    /// Finds many files and reads them, neighbours in a shard (at most 1 MiB apart) with one read.
    ///
    /// Memory holds at most 16 reads of 8 MiB, or one larger file each, and what `deliver` has.
    ///
    /// - Parameters:
    ///   - requests: any number; each is answered, equal ones too.
    ///   - deliver: is given each answer once, one after the other, in no certain order, with the position of its request.
    /// - Throws: what `deliver` throws; `CancellationError`. That a file cannot be had is an answer.
    nonisolated(nonsending) public func files(
        _ requests: [FileRequest], _ deliver: (_ position: Int, _ outcome: FileOutcome) async throws -> Void
    ) async throws {
        let arrival = now()
        // What is found is put together by windows, so that the answers to a long list begin early.
        var start = 0
        while start < requests.count {
            let window = start..<min(start + 2_000, requests.count)
            try await answer(requests, window, arrival, deliver)
            start = window.upperBound
        }
    }

    nonisolated(nonsending) private func answer(
        _ requests: [FileRequest], _ window: Range<Int>, _ arrival: Duration,
        _ deliver: (_ position: Int, _ outcome: FileOutcome) async throws -> Void
    ) async throws {
        var groups: [String: [Found]] = [:]
        var order: [String] = []
        try await forEach(Array(window)) { position in
            await self.lookUp(requests[position], position, arrival)
        } then: { (result: LookedUp) in
            switch result {
            case .answer(let position, let outcome): try await deliver(position, outcome)
            case .found(let found):
                if groups[found.place.shard.listed.id] == nil { order.append(found.place.shard.listed.id) }
                groups[found.place.shard.listed.id, default: []].append(found)
            }
        }
        var reads: [PlannedRead] = []
        for id in order {
            guard let members = groups[id] else { continue }
            for read in ReadPlan(members.map(\.range)).reads {
                reads.append(PlannedRead(range: read.range, members: read.members.map { members[$0] }))
            }
        }
        try await forEach(reads) { read in
            await self.perform(read)
        } then: { answers in
            for (position, outcome) in answers { try await deliver(position, outcome) }
        }
    }

    private func lookUp(_ request: FileRequest, _ position: Int, _ arrival: Duration) async -> LookedUp {
        do throws(RetrievalError) {
            guard let file = try await find(request, arrival: arrival) else { return .answer(position, .unknown) }
            guard file.isWholeInMemory, let place = file.place,
                case .inline(let offset, let storedSize, _, _) = file.entry.content
            else { return .answer(position, .large(file)) }
            return .found(
                Found(position: position, file: file, place: place, range: offset..<(offset + storedSize)))
        } catch {
            return .answer(position, .failed(error))
        }
    }

    private func perform(_ read: PlannedRead) async -> [(Int, FileOutcome)] {
        do throws(RetrievalError) {
            let size = read.members.reduce(read.range.count) { $0 + Int(clamping: $1.file.size) }
            let held = try await admit(size)
            defer { memory.release(held) }
            let bytes = try await self.read(read.range, of: read.members[0].file, read.members[0].place)
            return read.members.map { member in
                let start = Int(member.range.lowerBound - read.range.lowerBound)
                do throws(RetrievalError) {
                    let stored = Array(bytes[start..<(start + member.range.count)])
                    return (
                        member.position, .contents(member.file, try decode(member.file, stored))
                    )
                } catch {
                    return (member.position, .failed(error))
                }
            }
        } catch {
            return read.members.map { ($0.position, .failed(error)) }
        }
    }

    /// Runs `work` on all items, some at a time, and `then` on each result in this task.
    nonisolated(nonsending) private func forEach<Item: Sendable, Answer: Sendable>(
        _ items: [Item], _ work: @escaping @Sendable (Item) async -> Answer,
        then: (Answer) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            for (number, item) in items.enumerated() {
                if number >= Self.parallel, let answer = try await group.next() { try await then(answer) }
                group.addTask { await work(item) }
            }
            for try await answer in group { try await then(answer) }
        }
    }
}

/// A file of a batch that lies in a shard.
private struct Found: Sendable {
    let position: Int
    let file: StoredFile
    let place: StoredPlace
    let range: Range<UInt64>
}

private enum LookedUp: Sendable {
    case answer(Int, FileOutcome)
    case found(Found)
}

/// One read for one or several files of one shard.
private struct PlannedRead: Sendable {
    let range: Range<UInt64>
    let members: [Found]
}
