import DESBase
import DESShard
import DESStorage

extension Retriever {
    /// Requests that are looked up, and ranges that are read, at a time.
    private static let parallel = 16

    /// Finds many files and reads them, neighbours in a shard (at most 1 MiB apart) with one read.
    ///
    /// What was read is held as it is stored, and each file is decoded when it is delivered: however many there are, and however well they are
    /// compressed, memory holds 16 reads of 8 MiB, or a larger file each, and one file decoded; less if ``RetrieverSettings/memoryBytes`` is
    /// small.
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
        try await perform(reads, deliver)
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

    /// Reads some at a time, and delivers what is read first.
    ///
    /// A batch that holds memory does not wait for more: it delivers what it has. So batches never wait for each other.
    nonisolated(nonsending) private func perform(
        _ reads: [PlannedRead], _ deliver: (_ position: Int, _ outcome: FileOutcome) async throws -> Void
    ) async throws {
        var held = 0
        // When something was thrown, the tasks of the group have ended before this.
        defer { memory.release(held) }
        try await withThrowingTaskGroup(of: FinishedRead.self) { group in
            var running = 0
            var mayWait = true
            for read in reads {
                var admitted: Int?
                while true {
                    let fits = running == 0 || running < Self.parallel && held + read.memory <= settings.batchBytes
                    admitted = fits ? admitNow(read.memory) : nil
                    guard admitted == nil, let finished = try await group.next() else { break }
                    running -= 1
                    try await hand(finished, deliver)
                    memory.release(finished.held)
                    held -= finished.held
                }
                if admitted == nil {
                    do throws(RetrievalError) {
                        guard mayWait else { throw Self.noMemory }
                        admitted = try await admit(read.memory)
                    } catch {
                        // The others would wait as long, one after the other.
                        mayWait = false
                        for member in read.members { try await deliver(member.position, .failed(error)) }
                    }
                }
                try Task.checkCancellation()
                guard let admitted else { continue }
                mayWait = true
                held += admitted
                running += 1
                group.addTask { FinishedRead(read: read, held: admitted, bytes: await self.bytes(of: read)) }
            }
            while let finished = try await group.next() {
                try await hand(finished, deliver)
                memory.release(finished.held)
                held -= finished.held
            }
        }
    }

    private func bytes(of read: PlannedRead) async -> Result<[UInt8], RetrievalError> {
        do throws(RetrievalError) {
            return .success(try await self.read(read.range, of: read.members[0].file, read.members[0].place))
        } catch {
            return .failure(error)
        }
    }

    nonisolated(nonsending) private func hand(
        _ finished: FinishedRead, _ deliver: (_ position: Int, _ outcome: FileOutcome) async throws -> Void
    ) async throws {
        for member in finished.read.members {
            try await deliver(member.position, outcome(of: member, in: finished))
        }
    }

    private func outcome(of member: Found, in finished: FinishedRead) -> FileOutcome {
        do throws(RetrievalError) {
            let bytes = try finished.bytes.get()
            let start = Int(member.range.lowerBound - finished.read.range.lowerBound)
            return .contents(member.file, try decode(member.file, Array(bytes[start..<(start + member.range.count)])))
        } catch {
            return .failed(error)
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

    /// Bytes in memory until all is delivered: what is stored, and one file at a time.
    var memory: Int { range.count + Int(clamping: members.reduce(0) { max($0, $1.file.size) }) }
}

private struct FinishedRead: Sendable {
    let read: PlannedRead
    /// What was let in for it.
    let held: Int
    /// As stored.
    let bytes: Result<[UInt8], RetrievalError>
}
