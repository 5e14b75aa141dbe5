package import DESBase
import DESS3

extension S3SourceFiles {
    /// Objects that are looked up at the same time before they are deleted.
    private static let parallelChecks = 16

    /// What is to be done about a source.
    private enum Check: Sendable {
        /// With the entity tag that it had when it was looked up.
        case delete(S3Location, etag: String)
        case settled(SourceDeletion)
    }

    package func delete(_ location: String, ifStill identity: FileIdentity) async -> SourceDeletion {
        await delete([PackedSource(location: location, identity: identity)]).first ?? .kept("nobody deleted it")
    }

    /// Looks up so many as one request can delete, deletes those, and goes on with the next: little time passes in between.
    package func delete(_ sources: [PackedSource]) async -> [SourceDeletion] {
        var deletions: [SourceDeletion] = []
        deletions.reserveCapacity(sources.count)
        for start in stride(from: 0, to: sources.count, by: S3Client.mostDeletions) {
            let end = min(sources.count, start + S3Client.mostDeletions)
            deletions += await delete(batch: Array(sources[start..<end]))
        }
        return deletions
    }

    private func delete(batch sources: [PackedSource]) async -> [SourceDeletion] {
        let checks = await check(sources)
        var plan = S3DeletionPlan()
        for (position, check) in checks.enumerated() {
            if case .delete(let place, let etag) = check { plan.add(place, etag: etag, at: position) }
        }
        var results: [Int: SourceDeletion] = [:]
        for (bucket, keys) in plan.requests {
            let outcomes = await delete(keys.map(\.deletion), in: bucket)
            for (key, outcome) in zip(keys, outcomes) { results[key.position] = outcome }
        }
        return checks.indices.map { position in
            if case .settled(let deletion) = checks[position] { return deletion }
            if let first = plan.repeated[position], let result = results[first] {
                return result == .deleted ? .alreadyGone : result
            }
            return results[position] ?? .kept("the answer does not mention it")
        }
    }

    private func check(_ sources: [PackedSource]) async -> [Check] {
        await withTaskGroup(of: (Int, Check).self) { group in
            var checks: [Check?] = Array(repeating: nil, count: sources.count)
            for (position, source) in sources.enumerated() {
                if position >= Self.parallelChecks, let (done, check) = await group.next() { checks[done] = check }
                group.addTask { (position, await self.check(source)) }
            }
            for await (done, check) in group { checks[done] = check }
            return checks.map { $0 ?? .settled(.kept("nobody looked at it")) }
        }
    }

    private func check(_ source: PackedSource) async -> Check {
        do throws(SourceError) {
            let place = try place(of: source.location)
            guard !kept.contains(where: { $0.mayHold(place) }) else {
                return .settled(.kept("it belongs to the shards themselves"))
            }
            let attributes = try await attributes(of: place)
            guard FileIdentity(attributes) == source.identity else { return .settled(.changedSincePacked) }
            return .delete(place, etag: attributes.etag)
        } catch {
            return .settled(error.reason == .missing ? .alreadyGone : .kept(error.message))
        }
    }

    private func delete(_ objects: [S3Deletion], in bucket: String) async -> [SourceDeletion] {
        do {
            return try await client.deleteObjects(bucket: bucket, objects).map { result in
                switch result {
                case .success: .deleted
                case .failure(let error) where error.isPreconditionFailed: .changedSincePacked
                case .failure(let error): .kept(error.description)
                }
            }
        } catch {
            let isRefused = (error as? S3Error)?.status.map { 400..<500 ~= $0 } ?? false
            let why = isRefused ? "\(error)" : "whether it was deleted is not known: \(error)"
            return objects.map { _ in .kept(why) }
        }
    }
}

extension SourceDeletion {
    fileprivate static var changedSincePacked: Self { .kept("it has changed since it was packed") }
}

/// Sorts what is to be deleted into one request for each bucket, with no key twice.
private struct S3DeletionPlan {
    struct Key {
        let position: Int
        let deletion: S3Deletion
    }

    private(set) var requests: [(bucket: String, keys: [Key])] = []
    /// Positions of places that came before, and where.
    private(set) var repeated: [Int: Int] = [:]
    private var seen: [S3Location: Int] = [:]
    private var indices: [ByteString: Int] = [:]

    mutating func add(_ place: S3Location, etag: String, at position: Int) {
        if let first = seen[place] {
            repeated[position] = first
            return
        }
        seen[place] = position
        let index = indices[ByteString(place.bucket)] ?? requests.count
        if index == requests.count {
            requests.append((place.bucket, []))
            indices[ByteString(place.bucket)] = index
        }
        requests[index].keys.append(Key(position: position, deletion: S3Deletion(place.key, ifMatch: etag)))
    }
}
